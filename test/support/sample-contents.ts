import { readAll, type FeatureBuffer, type Samples, type TargetBuffer } from '#learn/datasets'
import { entriesOf, outputsOf } from '#learn/tasks'

/** Samples read into memory. */
export interface SampleContents {
  readonly count: number
  /** Numbers or tokens a row has. */
  readonly width: number
  readonly outputs: number
  readonly features: FeatureBuffer
  readonly targets: TargetBuffer
  readonly labels: Int32Array | null
}

/** All rows of samples, with their sizes. */
export async function contentsOf(samples: Samples): Promise<SampleContents> {
  return {
    count: samples.count,
    width: entriesOf(samples.features),
    outputs: outputsOf(samples.targets),
    labels: samples.labels,
    ...(await readAll(samples)),
  }
}
