import { labelsPerSample, outputsOf } from '#learn/tasks'
import {
  argmax,
  cast,
  equal,
  Graph,
  iota,
  logSumExp,
  mul,
  reduceMean,
  reduceSum,
  reshape,
  select,
  sub,
  type Program,
  type Tracer,
  type ValueType,
} from '#tensor/program'
import { featureType, type Model } from './model.ts'
import { TraceRecord, tracingScope, type Mode, type PlacedTap } from './scope.ts'

/**
 * Loss of one answer from outputs f and target y:
 * cross-entropy log Σ exp f − f_y, or squared error ½‖f − y‖² (so its Hessian in f is the identity), where a class
 * is its one-hot vector.
 */
export type Loss = 'cross-entropy' | 'squared-error'

/** `[rows, classes]`: whether a column is the row's class. */
const isLabel = (outputs: Tracer, labels: Tracer): Tracer =>
  equal(iota(outputs, outputs.shape, 1), reshape(labels, [outputs.shape[0]!, 1]))

/**
 * The loss of each row.
 *
 * @param outputs - `[rows, c]`.
 * @param targets - int32 `[rows]`, or `[rows, c]`.
 * @returns `[rows]`.
 */
export function rowLosses(loss: Loss, outputs: Tracer, targets: Tracer): Tracer {
  const isClasses = targets.type.dtype === 'int32'
  if (loss === 'cross-entropy') {
    return sub(logSumExp(outputs), reduceSum(select(isLabel(outputs, targets), outputs, 0), [1]))
  }
  const wanted = isClasses ? cast(isLabel(outputs, targets), outputs.type.dtype) : targets
  const difference = sub(outputs, wanted)
  return mul(reduceSum(mul(difference, difference), [1]), 0.5)
}

/**
 * The mean over the answers of each sample.
 *
 * @param rows - `[b · answers]`.
 * @returns `[b]`.
 */
export function sampleMeans(rows: Tracer, batchSize: number): Tracer {
  const answers = rows.shape[0]! / batchSize
  return answers === 1 ? rows : reduceMean(reshape(rows, [batchSize, answers]), [1])
}

/** What a loss program computes. */
export interface LossProgramOptions {
  readonly model: Model
  readonly loss: Loss
  /** Samples of a batch, b. */
  readonly batchSize: number
  /**
   * `train`: normalizations use the batch's statistics, and the running ones come out anew.
   * @default 'evaluate'
   */
  readonly mode?: Mode | undefined
  /** Adds the weighted share of answers whose largest output is the right one. */
  readonly withAccuracy?: boolean | undefined
  /** Called for each marked layer while the network is traced; gives the output to go on with. */
  readonly onTap?: ((tap: PlacedTap) => Tracer) | undefined
}

/** Type of a batch of targets: int32 `[b · answers a sample]`, or float32 `[b, values]`. */
export function targetType({ task }: Model, batchSize: number): ValueType {
  const { targets } = task
  return targets.kind === 'classes'
    ? { dtype: 'int32', shape: [batchSize * labelsPerSample(targets)] }
    : { dtype: 'float32', shape: [batchSize, outputsOf(targets)] }
}

/**
 * The weighted loss of a batch, L = Σᵢ wᵢ ℓᵢ, as a program, where ℓᵢ is the mean over the answers of sample i.
 *
 * With wᵢ = 1/N over all batches of N samples the sum is the mean loss of the data set, whatever the
 * sizes of the batches; a row that only fills up a batch has w = 0.
 *
 * @returns A program with inputs (parameters in the order of the layout, running statistics, features, targets as
 *   int32 labels `[b · answers]` or values `[b, c]`, weights `[b]`) and outputs (L `[]`, the accuracy `[]` if asked for,
 *   and in mode `train` the running statistics after the step).
 */
export function lossProgram(options: LossProgramOptions): Program {
  const { model, loss, batchSize, mode = 'evaluate', withAccuracy = false, onTap } = options
  const graph = new Graph()
  const record = new TraceRecord()
  const features = graph.input(featureType(model.task, batchSize))
  const targets = graph.input(targetType(model, batchSize))
  const weights = graph.input({ dtype: 'float32', shape: [batchSize] })
  const scope = tracingScope(graph, record, { mode, rule: model.rule, onTap })
  const outputs = model.apply(scope, features)

  const weighted = (rows: Tracer): Tracer => reduceSum(mul(weights, sampleMeans(rows, batchSize)))
  const results = [weighted(rowLosses(loss, outputs, targets))]
  if (withAccuracy) {
    results.push(weighted(cast(equal(argmax(outputs, 1), targets), 'float32')))
  }
  return graph.finish(
    `${loss} of ${model.label}`,
    [...record.inputs, features, targets, weights],
    mode === 'train' ? [...results, ...record.updatedBuffers] : results,
  )
}

/**
 * The network's outputs for a batch, in mode `evaluate`.
 *
 * @returns A program with inputs (parameters, running statistics, features) and the output `[b · answers, c]`.
 */
export function outputProgram(model: Model, batchSize: number): Program {
  const graph = new Graph()
  const record = new TraceRecord()
  const features = graph.input(featureType(model.task, batchSize))
  const outputs = model.apply(
    tracingScope(graph, record, { mode: 'evaluate', rule: model.rule }),
    features,
  )
  return graph.finish(`outputs of ${model.label}`, [...record.inputs, features], [outputs])
}

/** Indices of the parameters among the inputs of a loss program. */
export const parameterInputs = ({ layout }: Model): number[] => layout.entries.map((_, i) => i)
