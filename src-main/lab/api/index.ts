export type { ApiContext } from './context.ts'
export { describeEngine, type BuildFacts } from './describe-engine.ts'
export { createHandlers } from './handlers.ts'
export { openLab, type ArtifactFile, type Lab, type OpenLabOptions } from './open-lab.ts'
