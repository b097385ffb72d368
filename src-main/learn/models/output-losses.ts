import { labelsPerSample, outputsOf } from '#learn/tasks'
import {
  broadcastTo,
  Graph,
  inlineProgram,
  mul,
  reduceSum,
  reshape,
  softmax,
  sub,
  type Program,
  type Tracer,
  type ValueType,
} from '#tensor/program'
import { outputProgram, rowLosses, sampleMeans, targetType, type Loss } from './losses.ts'
import type { Model } from './model.ts'

/** A loss as a function of a network's outputs for a batch. */
export interface OutputLossOptions {
  readonly model: Model
  readonly loss: Loss
  /** Samples of a batch, b. */
  readonly batchSize: number
}

/** Type of a batch of outputs: `[b · answers, c]`. */
const outputType = ({ task: { targets } }: Model, batchSize: number): ValueType => ({
  dtype: 'float32',
  shape: [batchSize * labelsPerSample(targets), outputsOf(targets)],
})

const weightType = (batchSize: number): ValueType => ({ dtype: 'float32', shape: [batchSize] })

/**
 * The losses of a batch in terms of the network's outputs f: L = Σᵢ wᵢ ℓᵢ and all ℓᵢ, where ℓᵢ is the mean over the answers of
 * sample i. With {@link outputProgram} it makes {@link lossProgram}.
 *
 * @returns A program with inputs (f `[b · answers, c]`, targets, weights `[b]`) and outputs (L `[]`, ℓ `[b]`).
 */
export function outputLossProgram({ model, loss, batchSize }: OutputLossOptions): Program {
  const graph = new Graph()
  const outputs = graph.input(outputType(model, batchSize))
  const targets = graph.input(targetType(model, batchSize))
  const weights = graph.input(weightType(batchSize))
  const losses = sampleMeans(rowLosses(loss, outputs, targets), batchSize)
  return graph.finish(loss, [outputs, targets, weights], [reduceSum(mul(weights, losses)), losses])
}

/** Weights of the answers of each sample, spread over `[b · answers, c]`. */
function answerWeights(weights: Tracer, outputs: Tracer): Tracer {
  const batchSize = weights.shape[0]!
  const [rows, count] = outputs.shape as [number, number]
  const answers = rows / batchSize
  const spread = broadcastTo(reshape(weights, [batchSize, 1]), [batchSize, answers * count])
  return mul(reshape(spread, [rows, count]), 1 / answers)
}

/**
 * The Fisher information of the law that a loss is the negative log-likelihood of, in the outputs, answer by answer:
 * F = Σ_y p(y) s·sᵀ with the score s = ∂ℓ/∂f at label y.
 *
 * Cross-entropy: y is a class of p = softmax f and s = p − e_y, so F = diag p − p·pᵀ. Squared error: y is normal with mean f and
 * unit variance and s = f − y, so F is the identity. For both that is the loss's Hessian in f.
 *
 * @returns A program with inputs (f `[b · answers, c]`, weights `[b]`, ḟ) and output (w/answers · F·ḟ).
 */
export function outputFisherProgram({ model, loss, batchSize }: OutputLossOptions): Program {
  const graph = new Graph()
  const outputs = graph.input(outputType(model, batchSize))
  const weights = graph.input(weightType(batchSize))
  const moved = graph.input(outputs.type)
  const expected = (): Tracer => {
    const p = softmax(outputs)
    const weighted = mul(p, moved)
    const mean = reshape(reduceSum(weighted, [1]), [p.shape[0]!, 1])
    return sub(weighted, mul(p, mean))
  }
  const product = loss === 'cross-entropy' ? expected() : moved
  return graph.finish(
    'Fisher information',
    [outputs, weights, moved],
    [mul(answerWeights(weights, outputs), product)],
  )
}

/**
 * Σⱼ sⱼ·sⱼᵀ for scores given with each answer, in the outputs.
 *
 * @param scores - Of an answer, j.
 * @returns A program with inputs (f `[b · answers, c]`, scores `[b · answers, j, c]`, weights `[b]`, ḟ) and output
 *   (w/answers · Σ s·(s·ḟ)).
 */
export function scoreProgram(
  { model, batchSize }: Pick<OutputLossOptions, 'model' | 'batchSize'>,
  scores: number,
): Program {
  const graph = new Graph()
  const outputs = graph.input(outputType(model, batchSize))
  const [rows, count] = outputs.shape as [number, number]
  const drawn = graph.input({ dtype: 'float32', shape: [rows, scores, count] })
  const weights = graph.input(weightType(batchSize))
  const moved = graph.input(outputs.type)
  const shares = reduceSum(mul(drawn, reshape(moved, [rows, 1, count])), [2])
  const product = reduceSum(mul(drawn, reshape(shares, [rows, scores, 1])), [1])
  return graph.finish(
    'scores',
    [outputs, drawn, weights, moved],
    [mul(answerWeights(weights, outputs), product)],
  )
}

/**
 * The loss of each sample, in mode `evaluate`.
 *
 * @returns A program with inputs (parameters, running statistics, features, targets) and output (ℓ `[b]`).
 */
export function sampleLossProgram({ model, loss, batchSize }: OutputLossOptions): Program {
  const graph = new Graph()
  const network = outputProgram(model, batchSize)
  const inputs = network.inputs.map(({ type }) => graph.input(type))
  const targets = graph.input(targetType(model, batchSize))
  const [outputs] = inlineProgram(network, graph, inputs)
  const losses = sampleMeans(rowLosses(loss, outputs!, targets), batchSize)
  return graph.finish(`${loss} of samples of ${model.label}`, [...inputs, targets], [losses])
}
