import { InputError } from '#base'
import { largestDense } from '#geometry/curvature'
import type { Model } from '#learn/models'
import type { ExperimentSpec, MeasureSpec } from '#shared/schemas'
import type { ExperimentData } from './data.ts'
import { orderOf } from './forecast.ts'
import { measuredSamples } from './measured-samples.ts'

/** What is wrong with one measurement: the key and what it must be; null if nothing is. */
function problemOf(
  measure: MeasureSpec,
  spec: ExperimentSpec,
  model: Model,
  data: ExperimentData,
): readonly [key: string, text: string] | null {
  if (measure.split === 'validation' && data.validation === null) {
    return ['split', 'must be training: no samples are held out for validation']
  }
  const sampleCount = measuredSamples({ spec, seed: 0, data }, measure).count
  let order: number
  try {
    order = orderOf({ model, loss: spec.train.loss, sampleCount, matrix: measure })
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return ['tensors', error.message.replace(/^tensors /, '')]
  }
  if (measure.kind === 'dense' && order > largestDense) {
    const advice =
      measure.operator === 'ntk'
        ? 'set samples to measure on fewer'
        : 'set tensors to take the block of some'
    return [
      'kind',
      `dense is for matrices of order ${largestDense} at most, this is of order ${order}; ${advice}, or estimate the density`,
    ]
  }
  if (measure.operator === 'gradient-covariance' && sampleCount < 2) {
    return ['samples', `must be 2 or more for the gradient covariance, got ${sampleCount}`]
  }
  if (measure.kind === 'evolution' && measure.top >= order) {
    return ['top', `must be less than ${order}, the order of the matrix, got ${measure.top}`]
  }
  if (measure.kind === 'density' && measure.resamples > 0) {
    const { resamples } = measure
    if (resamples < 2 || resamples > sampleCount) {
      return [
        'resamples',
        `must be 0, or in 2…${sampleCount} (the samples measured), got ${resamples}`,
      ]
    }
  }
  return null
}

/**
 * Refuses measurements that cannot be made of a network on its data, before it is trained.
 *
 * @throws InputError naming the measurement, its key and what that must be.
 */
export function checkMeasures(spec: ExperimentSpec, model: Model, data: ExperimentData): void {
  for (const [index, measure] of spec.measure.entries()) {
    const problem = problemOf(measure, spec, model, data)
    if (problem === null) continue
    const [key, text] = problem
    const place = `measure.${index}.${key}`
    throw new InputError(place, `${place} ${text}`)
  }
}
