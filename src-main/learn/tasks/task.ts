/** What goes into a network, per sample. */
export type FeatureSpec =
  /** float32: `[features]`, or `[channels, height, width]` for an image. */
  | { readonly kind: 'values'; readonly shape: readonly number[] }
  /** int32, each in 0…vocabulary − 1. */
  | { readonly kind: 'tokens'; readonly length: number; readonly vocabulary: number }

/** What a network should answer, per sample. */
export type TargetSpec =
  /** int32 labels, each in 0…count − 1: one a sample, or one a token. */
  | { readonly kind: 'classes'; readonly count: number; readonly perSample: number }
  /** float32, as many numbers a sample. */
  | { readonly kind: 'values'; readonly count: number }

/** What is to be learned: where data sets and networks meet. */
export interface Task {
  readonly features: FeatureSpec
  readonly targets: TargetSpec
}
