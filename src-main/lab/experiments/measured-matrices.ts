import { createStream, InputError, shuffledIndices } from '#base'
import { selectTensors, type CurvatureOperator } from '#geometry/curvature'
import { selectRows, type Samples } from '#learn/datasets'
import type { Loss, Model } from '#learn/models'
import type { MeasureSpec } from '#shared/schemas'
import type { Runtime } from '#tensor/runtime'
import { isAtSnapshots } from './at-snapshots.ts'
import {
  curvatureOfSamples,
  gradientOfSamples,
  type CurvatureOfSamples,
} from './curvature-of-samples.ts'
import { denseCurvature } from './dense-curvature.ts'
import type { MeasureSite } from './measures/index.ts'

/** A network at one step of its training. */
export interface NetworkAtStep {
  readonly step: number
  /** `[n]`. */
  readonly parameters: Float32Array
  /** Running statistics, flat. */
  readonly buffers: Float32Array
}

/** The part of a measurement's spec that says which matrix it is of. */
export type MatrixSpec = Pick<MeasureSpec, 'operator' | 'draws' | 'tensors' | 'split' | 'samples'>

/** What matrices are made from. */
export interface MatrixSources {
  readonly model: Model
  readonly loss: Loss
  readonly seed: number
  readonly runtime: Runtime
  /** How products are evaluated. */
  readonly setting: Pick<CurvatureOfSamples, 'rows' | 'batchSize' | 'residualMemory' | 'basis'>
  /** The samples that a matrix is over. */
  samplesOf(matrix: Pick<MatrixSpec, 'split' | 'samples'>): Samples
}

/** Where measurements are made: the matrices of a network and its loss; one is held at a time. */
export class MeasuredMatrices {
  readonly #sources: MatrixSources
  #key = ''
  #operator: CurvatureOperator | null = null

  constructor(sources: MatrixSources) {
    this.#sources = sources
  }

  /**
   * The site of one measurement; its matrix is good until the next is asked for.
   *
   * @param index - Position in the spec.
   * @throws InputError if the tensors, the samples or the draws are not to be had.
   */
  async site(
    measure: MeasureSpec,
    index: number,
    network: NetworkAtStep,
  ): Promise<Omit<MeasureSite, 'state' | 'signal' | 'onProgress'>> {
    const { model, seed } = this.#sources
    const { step } = network
    const samples = this.#sources.samplesOf(measure)
    const operator = await this.matrix(measure, network, samples)
    return {
      facts: {
        index,
        seed,
        step,
        parameterCount: model.layout.size,
        sampleCount: samples.count,
        operator: measure.operator,
        size: operator.size === model.layout.size ? null : operator.size,
        tensors: measure.tensors ?? null,
        split: measure.split,
      },
      operator,
      layout:
        measure.operator === 'ntk' ? null : selectTensors(model.layout, measure.tensors).layout,
      classCount: model.task.targets.kind === 'classes' ? model.task.targets.count : null,
      streamOf: (name) =>
        isAtSnapshots(measure)
          ? createStream(seed, 'measure', index, name, 'step', step)
          : createStream(seed, 'measure', index, name),
      dense: (options) =>
        denseCurvature({
          ...this.#lossOf(measure, network),
          ...this.#drawsOf(measure),
          kind: measure.operator,
          samples,
          ...options,
        }),
      withoutGroup: (group, groups) => {
        const places = placesWithoutGroup(samples.count, seed, group, groups)
        return this.#create(measure, network, selectRows(samples, places), places)
      },
      gradient: () => {
        const { batchSize } = this.#sources.setting
        return gradientOfSamples({ ...this.#lossOf(measure, network), samples, batchSize })
      },
    }
  }

  async release(): Promise<void> {
    await this.#operator?.release()
    this.#operator = null
  }

  /** The matrix of a measurement, made again only if it is another than the last. */
  async matrix(
    matrix: MatrixSpec,
    network: NetworkAtStep,
    samples: Samples,
  ): Promise<CurvatureOperator> {
    const { operator, draws, tensors, split } = matrix
    const key = JSON.stringify([operator, draws, tensors, split, samples.count, network.step])
    if (this.#operator !== null && this.#key === key) return this.#operator
    await this.release()
    this.#operator = await this.#create(matrix, network, samples)
    this.#key = key
    return this.#operator
  }

  #create(
    matrix: MatrixSpec,
    network: NetworkAtStep,
    samples: Samples,
    places?: Uint32Array,
  ): Promise<CurvatureOperator> {
    return curvatureOfSamples({
      ...this.#lossOf(matrix, network),
      ...this.#drawsOf(matrix),
      ...this.#sources.setting,
      kind: matrix.operator,
      samples,
      places,
    })
  }

  #drawsOf({ draws }: MatrixSpec) {
    return { draws, stream: createStream(this.#sources.seed, 'measure', 'draws') }
  }

  #lossOf({ tensors }: MatrixSpec, { parameters, buffers }: NetworkAtStep) {
    const { model, loss, runtime } = this.#sources
    return { model, loss, parameters, buffers, tensors, runtime }
  }
}

/**
 * Places of all samples but one of some random groups of about one size, ascending.
 *
 * @throws InputError if there are fewer samples than groups.
 */
function placesWithoutGroup(
  count: number,
  seed: number,
  group: number,
  groups: number,
): Uint32Array {
  if (groups < 2 || count < groups) {
    const problem = `must be in 2…${count} (the samples measured), got ${groups}`
    throw new InputError('resamples', `resamples ${problem}`)
  }
  const order = shuffledIndices(count, createStream(seed, 'measure', 'groups'))
  return order.filter((_, place) => place % groups !== group).sort()
}
