export { entriesOf, labelsPerSample, outputsOf } from './sizes.ts'
export type { FeatureSpec, TargetSpec, Task } from './task.ts'
