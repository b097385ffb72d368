import type { FeatureSpec, TargetSpec } from './task.ts'

/** Numbers or tokens a sample has. */
export const entriesOf = (features: FeatureSpec): number =>
  features.kind === 'tokens'
    ? features.length
    : features.shape.reduce((size, extent) => size * extent, 1)

/** Outputs a network has for each answer: classes, or numbers. */
export const outputsOf = (targets: TargetSpec): number => targets.count

/** Answers a sample has: 1, or one a token. */
export const labelsPerSample = (targets: TargetSpec): number =>
  targets.kind === 'classes' ? targets.perSample : 1
