export type { DescribeExperiment, FileDataSpec } from './context.ts'
export type { BuildFacts } from './describe-engine.ts'
export { openLab, type ArtifactFile, type Lab, type OpenLabOptions } from './open-lab.ts'
