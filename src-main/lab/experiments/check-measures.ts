import { InputError } from '#base'
import { largestDense, selectTensors } from '#geometry/curvature'
import type { Model } from '#learn/models'
import { labelsPerSample, outputsOf } from '#learn/tasks'
import type { ExperimentSpec, MeasureSpec } from '#shared/schemas'
import type { ExperimentData } from './data.ts'
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
  let order: number
  try {
    order = selectTensors(model.layout, measure.tensors).layout.size
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return ['tensors', error.message.replace(/^tensors /, '')]
  }
  const samples = measuredSamples({ spec, seed: 0, data }, measure).count
  if (measure.operator === 'ntk') {
    const { targets } = model.task
    order = samples * labelsPerSample(targets) * outputsOf(targets)
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
  if (measure.kind === 'density' && measure.resamples > 0) {
    const { resamples } = measure
    if (resamples < 2 || resamples > samples) {
      return ['resamples', `must be 0, or in 2…${samples} (the samples measured), got ${resamples}`]
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
