import type { Layout } from '#tensor/dense'
import {
  argmax,
  cast,
  equal,
  logSumExp,
  mul,
  reduceSum,
  sub,
  traceProgram,
  type Program,
  type Tracer,
  type ValueType,
} from '#tensor/program'
import { networkLayout, networkOutputs, type Network } from './network.ts'

/**
 * Loss of one sample from outputs f and target y:
 * cross-entropy −Σ y log softmax(f), or squared error ½‖f − y‖² (so its Hessian in f is the identity).
 */
export type Loss = 'cross-entropy' | 'squared-error'

const losses: { readonly [L in Loss]: (outputs: Tracer, targets: Tracer) => Tracer } = {
  // Σ y = 1 for a one-hot or soft target
  'cross-entropy': (outputs, targets) =>
    sub(logSumExp(outputs), reduceSum(mul(targets, outputs), [1])),
  'squared-error': (outputs, targets) => {
    const difference = sub(outputs, targets)
    return mul(reduceSum(mul(difference, difference), [1]), 0.5)
  },
}

/** What a loss program computes on. */
export interface LossProgramOptions {
  readonly network: Network
  readonly loss: Loss
  /** Rows of a batch, b. */
  readonly batchSize: number
  /** Adds the weighted share of samples whose largest output is the right one. */
  readonly withAccuracy: boolean
}

const float32 = (shape: readonly number[]): ValueType => ({ dtype: 'float32', shape })

/**
 * The weighted loss of a batch, L = Σᵢ wᵢ ℓ(f(xᵢ), yᵢ), as a program.
 *
 * With wᵢ = 1/N over all batches of N samples the sum is the mean loss of the data set, whatever the
 * sizes of the batches; a row that only fills up a batch has w = 0.
 *
 * @returns A program with inputs (parameters in the order of the layout, features `[b, in]`, targets
 *   `[b, out]`, weights `[b]`) and outputs (L `[]`, and the accuracy `[]` if asked for).
 */
export function lossProgram(options: LossProgramOptions): Program {
  const { network, loss, batchSize, withAccuracy } = options
  const layout = networkLayout(network)
  const count = layout.entries.length
  const types = [
    ...layout.entries.map(({ shape }) => float32(shape)),
    float32([batchSize, network.widths[0]!]),
    float32([batchSize, network.widths.at(-1)!]),
    float32([batchSize]),
  ]
  return traceProgram(`${loss} of ${network.widths.join('-')}`, types, (inputs) => {
    const outputs = networkOutputs(network, inputs.slice(0, count), inputs[count]!)
    const targets = inputs[count + 1]!
    const weights = inputs[count + 2]!
    const total = reduceSum(mul(weights, losses[loss](outputs, targets)))
    if (!withAccuracy) return [total]
    const isRight = cast(equal(argmax(outputs, 1), argmax(targets, 1)), 'float32')
    return [total, reduceSum(mul(weights, isRight))]
  })
}

/** Indices of the parameters among the inputs of a loss program. */
export const parameterInputs = (layout: Layout): number[] => layout.entries.map((_, i) => i)
