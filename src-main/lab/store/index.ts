export type { ArtifactEntry, ArtifactRepository } from './artifacts.ts'
export {
  bundleManifestSchema,
  verifyBundle,
  type BundleFile,
  type BundleManifest,
  type BundleProblem,
} from './bundle.ts'
export { pruneCheckpoints, readCheckpoint, writeCheckpoint } from './checkpoints.ts'
export { systemCode } from './file-errors.ts'
export {
  checkRecord,
  hashFile,
  removeQuietly,
  writeFileDurably,
  type FileContent,
  type FileRecord,
} from './files.ts'
export { readOwner, type StoreOwner } from './lock.ts'
export { lookAt } from './look-at.ts'
export {
  readMeasureState,
  removeMeasureState,
  writeMeasureState,
  writeVectors,
  type MeasureKey,
} from './measure-files.ts'
export type { MeasurementRepository } from './measurements.ts'
export type { MetricRepository } from './metrics.ts'
export type { QueueClaim, QueueRepository } from './queue.ts'
export type { EndStatus, RunFacts, RunFilter, RunRepository } from './runs.ts'
export { openStore, type OpenStoreOptions, type Store } from './store.ts'
export { removeWeightsAfter, writeWeights } from './weights.ts'
