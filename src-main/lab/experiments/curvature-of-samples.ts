import { InputError, invariant, type RandomStream } from '#base'
import {
  createCurvatureOperator,
  createGramOperator,
  lessOuterProduct,
  sumGradients,
  type CurvatureOperator,
  type NativeSpaceOptions,
} from '#geometry/curvature'
import type { Vector } from '#geometry/operators'
import type { Samples } from '#learn/datasets'
import { initializeBuffers, lossProgram, outputProgram, type Loss, type Model } from '#learn/models'
import { labelsPerSample, outputsOf } from '#learn/tasks'
import { layoutViews, type TensorData } from '#tensor/dense'
import type { Runtime } from '#tensor/runtime'
import { partitionSamples, type LossBatch } from './batches.ts'
import { curvatureProgram, type BatchPart, type CurvatureKind } from './curvature-programs.ts'
import { drawScores, scoresPerRow } from './draw-scores.ts'
import { evaluateOutputs } from './evaluate-outputs.ts'

/** Rows a batch of products may have; bounds the memory of one block. */
const largestBatch = 1024

/** A network, a loss and samples. */
export interface LossOfSamples {
  readonly model: Model
  readonly loss: Loss
  /** `[n]` in the order of the model's layout; float64 ones ask for float64 arithmetic, on the processor. */
  readonly parameters: Vector
  /** Running statistics, flat. @default as before the first step */
  readonly buffers?: Float32Array | undefined
  readonly samples: Samples
  /** @default all samples, at most 1,024 */
  readonly batchSize?: number | undefined
  /** Only these tensors: names, or beginnings of names up to a dot. @default all */
  readonly tensors?: readonly string[] | undefined
  readonly runtime?: Runtime | undefined
}

/** Which matrix of curvature of the mean loss of a network over samples. */
export interface CurvatureOfSamples extends LossOfSamples {
  readonly kind: CurvatureKind
  /** Labels drawn with each answer, for the Monte-Carlo Fisher. @default 1 */
  readonly draws?: number | undefined
  /** Of those draws, which must be given for them. */
  readonly stream?: RandomStream | undefined
  /**
   * Places of the samples among those that labels are drawn for, ascending: so some of them get the labels that they have
   * among all. @default one after another
   */
  readonly places?: Uint32Array | undefined
  /** Vectors a call handles at once. @default 8 */
  readonly rows?: number | undefined
  /** Bytes that values kept from product to product may take. */
  readonly residualMemory?: number | undefined
  /** Where bases of vectors lie. */
  readonly basis?: NativeSpaceOptions | undefined
}

/** A batch by its parts; of the last one only the leading `count` samples are real. */
interface SampleBatch {
  readonly count: number
  readonly statistics: readonly TensorData[]
  readonly parts: Record<BatchPart, TensorData>
}

const batchSizeOf = ({ batchSize, samples }: LossOfSamples): number =>
  Math.min(batchSize ?? largestBatch, samples.count)

async function sampleBatches(options: LossOfSamples): Promise<SampleBatch[]> {
  const { model, samples, parameters } = options
  const batchSize = batchSizeOf(options)
  const buffers = options.buffers ?? initializeBuffers(model)
  const statistics = layoutViews(model.buffers, buffers)
  const batches = await partitionSamples(samples, batchSize, statistics)
  return batches.map((batch, i) => {
    const count = Math.min(batchSize, samples.count - i * batchSize)
    const [features, targets, rounded] = batch.slice(statistics.length) as [
      TensorData,
      TensorData,
      TensorData,
    ]
    // 1/N as float32 has it is off by 10⁻⁸: too much for the oracle.
    const weights =
      parameters instanceof Float64Array
        ? new Float64Array(batchSize).fill(1 / samples.count, 0, count)
        : rounded
    return { count, statistics, parts: { features, targets, weights, scores: new Float32Array(0) } }
  })
}

const partsOf = (batches: readonly SampleBatch[], names: readonly BatchPart[]): LossBatch[] =>
  batches.map(({ statistics, parts }) => [...statistics, ...names.map((name) => parts[name])])

/**
 * The gradient of the mean loss of a network over samples, weight decay not included.
 *
 * @returns `[n]`, or as many as the tensors have; of the type of `parameters`.
 * @throws InputError if a name in `tensors` fits none of the layout's.
 */
export async function gradientOfSamples(options: LossOfSamples): Promise<Vector> {
  const { model, loss, parameters, tensors, runtime } = options
  const batches = await sampleBatches(options)
  return sumGradients({
    loss: lossProgram({ model, loss, batchSize: batchSizeOf(options) }),
    layout: model.layout,
    parameters,
    batches: partsOf(batches, ['features', 'targets', 'weights']),
    tensors,
    runtime,
  })
}

/** Batches with scores drawn at the network's outputs, and how many each answer has. */
async function scoredBatches(
  options: CurvatureOfSamples,
  batches: readonly SampleBatch[],
): Promise<{ readonly scores: number; readonly batches: readonly SampleBatch[] }> {
  const { model, loss, parameters, draws = 1, stream, places } = options
  if (!Number.isSafeInteger(draws) || draws < 1) {
    throw new InputError('draws', `draws must be an integer of at least 1, got ${draws}`)
  }
  invariant(stream !== undefined, 'the Monte-Carlo Fisher draws from a stream')
  const { targets } = model.task
  const [answers, count] = [labelsPerSample(targets), outputsOf(targets)]
  const scores = scoresPerRow(loss, draws, count)
  const batchSize = batchSizeOf(options)
  const outputs = await evaluateOutputs({
    program: outputProgram(model, batchSize),
    layout: model.layout,
    parameters,
    batches: partsOf(batches, ['features']),
    runtime: options.runtime,
  })
  const placeOf = (sample: number): number => (sample < 0 ? -1 : (places?.[sample] ?? sample))
  const scored = batches.map((batch, i): SampleBatch => {
    const size = batchSize * answers * scores * count
    const drawn =
      parameters instanceof Float64Array ? new Float64Array(size) : new Float32Array(size)
    drawScores({
      loss,
      outputs: outputs[i]!,
      rows: batch.count * answers,
      count,
      draws,
      stream,
      skippedBefore: (row) => {
        const sample = i * batchSize + Math.floor(row / answers)
        return row % answers === 0 ? answers * (placeOf(sample) - placeOf(sample - 1) - 1) : 0
      },
      scores: drawn,
    })
    return { ...batch, parts: { ...batch.parts, scores: drawn } }
  })
  return { scores, batches: scored }
}

/**
 * A matrix of curvature of the mean loss L = (1/N) Σₙ ℓₙ of a network f over samples, weight decay not included; ℓₙ is
 * the mean over the T answers of sample n (T = 1 but for language). J is the Jacobian of all outputs.
 *
 * - `hessian`: H = ∇²L = G + E.
 * - `ggn`: G = (1/N) Σₙ (1/T) Σₜ JᵀAJ, A = ∇²ℓ in the outputs of answer t.
 * - `residual`: E = (1/N) Σₙ Σ ∂ℓₙ/∂f · ∇²f, computed as it stands, not as a difference.
 * - `fisher`: (1/N) Σₙ (1/T) Σₜ E[g·gᵀ], g = Jᵀ∂ℓ/∂f at labels of the network's own law, answer by answer as in G. For
 *   cross-entropy and squared error (a normal law of unit variance) it equals G.
 * - `monte-carlo-fisher`: the same with the mean over `draws` labels an answer in place of the expectation; the labels do not
 *   depend on the batch size but by the rounding of outputs.
 * - `empirical-fisher`: (1/N) Σₙ gₙ·gₙᵀ with gₙ = ∇ℓₙ at the true labels, sample by sample: the gradient of a
 *   sample with several answers is that of their mean.
 * - `gradient-covariance`: the empirical Fisher less ḡ·ḡᵀ, ḡ = ∇L; rounding is that of ‖ḡ‖².
 * - `ntk`: K = J·Jᵀ on R^(N·T·C), not divided by N, whose vectors hold all outputs sample after sample.
 *
 * Cost and determinism: as of {@link createCurvatureOperator}; the Monte-Carlo Fisher evaluates the network once
 * more and keeps min(draws, C) scores an answer, the covariance takes a gradient.
 *
 * @throws InputError if a name in `tensors` fits none of the layout's, or `draws` is no positive integer.
 */
export async function curvatureOfSamples(options: CurvatureOfSamples): Promise<CurvatureOperator> {
  const { kind, model, loss, parameters, tensors, rows, residualMemory, runtime } = options
  const batchSize = batchSizeOf(options)
  const batches = await sampleBatches(options)
  const { layout } = model
  const setting = {
    layout,
    parameters,
    tensors,
    rows,
    residualMemory,
    memory: options.basis,
    runtime,
  }
  if (kind === 'ntk') {
    const { targets } = model.task
    const width = labelsPerSample(targets) * outputsOf(targets)
    return createGramOperator({
      ...setting,
      values: outputProgram(model, batchSize),
      batches: partsOf(batches, ['features']),
      entries: batches.map(({ count }) => count * width),
    })
  }
  const drawn =
    kind === 'monte-carlo-fisher' ? await scoredBatches(options, batches) : { scores: 0, batches }
  const { product, parts } = curvatureProgram(kind, { model, loss, batchSize }, drawn.scores)
  const mean = kind === 'gradient-covariance' ? await gradientOfSamples(options) : null
  const operator = await createCurvatureOperator({
    ...setting,
    product,
    batches: partsOf(drawn.batches, parts),
  })
  return mean === null ? operator : lessOuterProduct(operator, mean)
}
