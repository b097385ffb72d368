import { FormatError, InputError, monotonicMs, ShapeError } from '#base'
import {
  answerEntries,
  loadArray,
  loadArrays,
  loadSamplesFile,
  type Samples,
} from '#learn/datasets'
import { sumGradients } from '#geometry/curvature'
import { lossProgram, readWeights, type Model } from '#learn/models'
import { entriesOf, labelsPerSample } from '#learn/tasks'
import { createEvaluator } from '#learn/training'
import { layoutViews, type Layout } from '#tensor/dense'
import { onnxRuntime, type Runtime } from '#tensor/runtime'
import {
  measureSchema,
  type LossKind,
  type MeasureInput,
  type MeasurementDocument,
  type NetworkSpec,
  type OperatorKind,
} from '#shared/schemas'
import { accuracyOf, partitionSamples } from './batches.ts'
import { MeasuredMatrices, type NetworkAtStep } from './measured-matrices.ts'
import { measureQuantity, type QuantitySpec } from './measures/index.ts'
import { modelOfNetwork } from './model-of-network.ts'

/** What to measure on a checkpoint trained elsewhere. */
export interface ProbeOptions {
  readonly network: NetworkSpec
  /** `.npz` or `.safetensors` with PyTorch's state_dict names. */
  readonly weightsPath: string
  /** `.npz` or `.safetensors` with `x` and `y`. */
  readonly dataPath: string
  readonly loss: LossKind
  /** Samples a call; default: all, at most 1,024. */
  readonly batch?: number | undefined
  /** The matrix that is measured. @default the Hessian */
  readonly operator?: OperatorKind | undefined
  /** Only the block of these tensors, by names or beginnings of names. */
  readonly tensors?: readonly string[] | undefined
  /** Label draws a sample, for the Monte-Carlo Fisher. @default 1 */
  readonly draws?: number | undefined
  /** `.npy` with a vector to multiply: of parameters in the order of `parameters()`, for the NTK of outputs. */
  readonly vectorPath?: string | undefined
  readonly top?: number | undefined
  readonly bottom?: number | undefined
  /** Largest residual as a share of |λ|, or of 1 % of the largest |λ| where that is more. */
  readonly tolerance?: number | undefined
  readonly maxProducts?: number | undefined
  readonly trace?: Omit<MeasureInput & { kind: 'trace' }, 'kind'> | undefined
  readonly density?: Omit<MeasureInput & { kind: 'density' }, 'kind'> | undefined
  readonly seed: number
  readonly runtime?: Runtime | undefined
}

/** What was measured; vectors in the order of `parameters()`. */
export interface ProbeResult {
  readonly network: NetworkSpec
  readonly parameterCount: number
  readonly sampleCount: number
  readonly lossKind: LossKind
  readonly loss: number
  readonly accuracy: number | null
  readonly gradientNorm: number
  readonly gradient: Float32Array
  /** The matrix times v, if a vector was given. */
  readonly product: Float32Array | null
  readonly measurements: readonly MeasurementDocument[]
  readonly seed: number
  readonly device: string
  readonly elapsedMs: number
}

/** Residual tolerance of a probe: its eigenvalues are compared with others to five digits. */
const probeTolerance = 1e-5

/** What a weights file must hold, by names and shapes. */
export interface NetworkDescription {
  readonly label: string
  /** Names, shapes and flat order of the parameters. */
  readonly parameters: Layout
  /** Running statistics; none in most networks. */
  readonly buffers: Layout
}

/**
 * Names and shapes of a network's weights.
 *
 * @throws InputError naming the setting that does not fit the network's input.
 */
export function describeNetwork(network: NetworkSpec): NetworkDescription {
  const { label, layout, buffers } = modelOfNetwork(network, 'cross-entropy')
  return { label, parameters: layout, buffers }
}

/**
 * Measures a checkpoint that was trained elsewhere: mean loss over all samples, its gradient and Hessian, of the
 * network as it is evaluated: running statistics are constants.
 *
 * @throws MissingFileError, FormatError, ShapeError, InputError or NonFiniteError naming file, tensor, what
 *   was expected and what was found; nothing is computed before all inputs fit.
 */
export async function runProbe(options: ProbeOptions): Promise<ProbeResult> {
  const started = monotonicMs()
  const { network, loss, seed } = options
  const runtime = options.runtime ?? onnxRuntime()
  const model = modelOfNetwork(network, loss)
  const { layout } = model
  const { weightsPath } = options
  const { parameters, buffers } = readWeights(await loadArrays(weightsPath), model, weightsPath)
  const samples = await readSamples(options.dataPath, model)
  const batchSize = Math.min(options.batch ?? 1024, samples.count)
  if (batchSize < 1) throw new InputError('batch', `batch must be 1 or more, got ${batchSize}`)

  const program = lossProgram({
    model,
    loss,
    batchSize,
    withAccuracy: samples.targets.kind === 'classes',
  })
  const batches = await partitionSamples(samples, batchSize, layoutViews(model.buffers, buffers))
  const evaluator = await createEvaluator({ loss: program, layout, runtime })
  const [value, accuracy] = await evaluator.evaluate(parameters, batches)
  await evaluator.release()
  const slope = await sumGradients({
    loss: { ...program, outputs: program.outputs.slice(0, 1) },
    layout,
    parameters,
    batches,
    runtime,
  })
  const matrices = new MeasuredMatrices({
    model,
    loss,
    seed,
    runtime,
    setting: { batchSize },
    samplesOf: () => samples,
  })
  const at: NetworkAtStep = { step: 0, parameters, buffers }
  const matrix = matrixOf(options)
  try {
    const operator = await matrices.matrix(matrix, at, samples)
    const vector =
      options.vectorPath === undefined ? null : await readVector(options.vectorPath, operator.size)
    let product: Float32Array | null = null
    if (vector !== null) {
      product = new Float32Array(operator.size)
      await operator.apply(vector, 1, product)
    }
    const measurements: MeasurementDocument[] = []
    for (const [index, measure] of measuresOf(options, matrix, operator.size).entries()) {
      measurements.push(await measureQuantity(measure, await matrices.site(measure, index, at)))
    }
    return {
      network,
      parameterCount: layout.size,
      sampleCount: samples.count,
      lossKind: loss,
      loss: value!,
      accuracy: accuracyOf(accuracy, samples.count * labelsPerSample(samples.targets)),
      gradientNorm: Math.hypot(...chunkNorms(slope)),
      gradient: slope,
      product,
      measurements,
      seed,
      device: runtime.device,
      elapsedMs: monotonicMs() - started,
    }
  } finally {
    await matrices.release()
  }
}

/** The matrix that a probe is of, as measurements name it. */
const matrixOf = ({ operator = 'hessian', tensors, draws = 1 }: ProbeOptions) => ({
  operator,
  tensors: tensors === undefined ? undefined : [...tensors],
  draws,
  split: 'training' as const,
})

function measuresOf(
  options: ProbeOptions,
  matrix: ReturnType<typeof matrixOf>,
  size: number,
): QuantitySpec[] {
  const { top = 0, bottom = 0, trace, density } = options
  const measures: MeasureInput[] = []
  if (top + bottom > 0) {
    measures.push({
      kind: 'eigenpairs',
      top,
      bottom,
      tolerance: options.tolerance ?? probeTolerance,
      maxProducts: options.maxProducts ?? Math.max(600, Math.min(4 * size, 5000)),
    })
  }
  if (trace !== undefined) measures.push({ kind: 'trace', ...trace })
  if (density !== undefined) measures.push({ kind: 'density', ...density })
  return measures.flatMap((measure) => {
    const resolved = measureSchema.parse({ ...matrix, ...measure })
    return resolved.kind === 'evolution' ? [] : [resolved]
  })
}

/** Samples of a file, in the shape that the network wants of as many numbers. */
async function readSamples(path: string, { task }: Model): Promise<Samples> {
  const { features, targets } = task
  const isClasses = targets.kind === 'classes'
  const samples = await loadSamplesFile(path, {
    task: isClasses ? 'classification' : 'regression',
    ...(isClasses ? { classCount: targets.count } : {}),
    ...(features.kind === 'tokens' ? { tokens: true, vocabulary: features.vocabulary } : {}),
  })
  const { count } = samples
  const [width, found] = [entriesOf(features), entriesOf(samples.features)]
  if (found !== width) throw new ShapeError(`x in ${path}`, `[n, ${width}]`, [count, found])
  const [wanted, got] = [answerEntries(targets), answerEntries(samples.targets)]
  if (wanted !== got) throw new ShapeError(`y in ${path}`, `[n, ${wanted}]`, [count, got])
  return { ...samples, features }
}

async function readVector(path: string, size: number): Promise<Float32Array> {
  const { shape, data } = await loadArray(path)
  if (data.length !== size) throw new ShapeError(`vector ${path}`, `[${size}]`, shape)
  const bad = data.findIndex((x) => !Number.isFinite(x))
  if (bad >= 0) throw new FormatError(path, `holds ${data[bad]!} at entry ${bad}`)
  return Float32Array.from(data)
}

/** Norms of pieces, so that no argument list grows with n. */
function chunkNorms(vector: Float32Array): number[] {
  const norms: number[] = []
  for (let start = 0; start < vector.length; start += 4096) {
    norms.push(Math.sqrt(vector.subarray(start, start + 4096).reduce((sum, x) => sum + x * x, 0)))
  }
  return norms
}
