import { createStream, invariant } from '#base'
import type { Samples } from '#learn/datasets'
import type { ExperimentSpec, MeasureSpec } from '#shared/schemas'
import type { ExperimentData } from './data.ts'
import { evaluatedSamples } from './split-evaluation.ts'

/** The samples that a measurement runs over: drawn by the seed, the same for all measurements of as many. */
export function measuredSamples(
  {
    spec,
    seed,
    data,
  }: {
    readonly spec: ExperimentSpec
    readonly seed: number
    readonly data: ExperimentData
  },
  { split, samples }: Pick<MeasureSpec, 'split' | 'samples'>,
): Samples {
  const source = split === 'training' ? data.train : data.validation
  invariant(source !== null, 'the split measured is there')
  const limit = samples ?? spec.measureSamples ?? source.count
  return evaluatedSamples(source, limit, createStream(seed, 'measure', 'samples'))
}
