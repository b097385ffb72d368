import { createStream, InputError } from '#base'
import type { CurvatureOperator } from '#geometry/curvature'
import type { Samples } from '#learn/datasets'
import type { Model } from '#learn/models'
import type { ExperimentSpec, MeasureSpec } from '#shared/schemas'
import type { Runtime } from '#tensor/runtime'
import { curvatureOfSamples } from './curvature-of-samples.ts'
import type { ExperimentData } from './data.ts'
import type { MemoryPlan } from './memory-plan.ts'
import { evaluatedSamples } from './split-evaluation.ts'

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

/** What the matrices of a run are made from. */
export interface MatrixSources {
  readonly spec: ExperimentSpec
  readonly seed: number
  readonly model: Model
  readonly data: ExperimentData
  readonly plan: MemoryPlan
  readonly runtime: Runtime
}

/**
 * The samples that a measurement runs over: drawn by the seed, the same for all measurements of as many.
 *
 * @throws InputError if the split is not there.
 */
export function measuredSamples(
  { spec, seed, data }: Pick<MatrixSources, 'spec' | 'seed' | 'data'>,
  { split, samples }: MatrixSpec,
): Samples {
  const source = split === 'training' ? data.train : data.validation
  if (source === null) {
    const problem = 'must be training: no samples are held out for validation'
    throw new InputError('measure.split', `measure.split ${problem}`)
  }
  const limit = samples ?? spec.measureSamples ?? source.count
  return evaluatedSamples(source, limit, createStream(seed, 'measure', 'samples'))
}

/** The matrices that a run's measurements are of; one is held at a time, and made again only if it is another. */
export class MeasuredMatrices {
  readonly #sources: MatrixSources
  #key = ''
  #operator: CurvatureOperator | null = null

  constructor(sources: MatrixSources) {
    this.#sources = sources
  }

  /** The matrix of a measurement at a step. */
  async operator(matrix: MatrixSpec, network: NetworkAtStep): Promise<CurvatureOperator> {
    const { operator, draws, tensors, split, samples } = matrix
    const key = JSON.stringify([operator, draws, tensors, split, samples, network.step])
    if (this.#operator !== null && this.#key === key) return this.#operator
    await this.release()
    this.#operator = await this.create(matrix, network, measuredSamples(this.#sources, matrix))
    this.#key = key
    return this.#operator
  }

  /** A matrix over given samples, which is the caller's to release. */
  create(
    { operator, draws, tensors }: MatrixSpec,
    { parameters, buffers }: NetworkAtStep,
    samples: Samples,
  ): Promise<CurvatureOperator> {
    const { model, spec, seed, runtime, plan } = this.#sources
    return curvatureOfSamples({
      kind: operator,
      model,
      loss: spec.train.loss,
      parameters,
      buffers,
      samples,
      tensors,
      draws,
      stream: createStream(seed, 'measure', 'draws'),
      runtime,
      ...plan,
    })
  }

  async release(): Promise<void> {
    await this.#operator?.release()
    this.#operator = null
  }
}
