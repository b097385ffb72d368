import { createStream, type RandomStream } from '#base'
import { createLayout, type Layout } from '#tensor/dense'
import {
  Graph,
  logSumExp,
  mul,
  reduceSum,
  sub,
  type Program,
  type Tracer,
  type ValueType,
} from '#tensor/program'

/** Adds a parameter to a network and gives it. */
export type Declare = (name: string, shape: readonly number[]) => Tracer

/**
 * The mean cross-entropy of a network that declares its parameters where it uses them.
 *
 * @param features - Type of the first input behind the parameters.
 * @param outputs - Gives the logits `[b, c]`; runs once.
 * @returns The loss with inputs (parameters in the order of their declaration, features, one-hot targets
 *   `[b, c]`, weights `[b]`), and the layout of the parameters.
 */
export function defineNetwork(
  name: string,
  features: ValueType,
  outputs: (declare: Declare, features: Tracer) => Tracer,
): { readonly loss: Program; readonly layout: Layout } {
  const graph = new Graph()
  const declared: { readonly name: string; readonly tracer: Tracer }[] = []
  const declare: Declare = (parameter, shape) => {
    const tracer = graph.input({ dtype: 'float32', shape })
    declared.push({ name: parameter, tracer })
    return tracer
  }
  const input = graph.input(features)
  const logits = outputs(declare, input)
  const targets = graph.input(logits.type)
  const weights = graph.input({ dtype: 'float32', shape: [logits.shape[0]!] })
  const losses = sub(logSumExp(logits), reduceSum(mul(targets, logits), [1]))
  const parameters = declared.map(({ tracer }) => tracer)
  return {
    loss: graph.finish(
      name,
      [...parameters, input, targets, weights],
      [reduceSum(mul(weights, losses))],
    ),
    layout: createLayout(declared.map((entry) => ({ ...entry, shape: entry.tracer.shape }))),
  }
}

/**
 * Draws parameters: kernels and tables with variance 1 / (entries of one output), scales around 1, shifts
 * around 0 (apart from both, so that a mistake in either would show).
 */
export function drawParameters(layout: Layout, seed: number): Float32Array {
  const flat = new Float32Array(layout.size)
  for (const { name, shape, offset, size } of layout.entries) {
    const stream = createStream(seed, 'bench', 'parameters', name)
    const draw = valueOf(name, shape, stream)
    for (let i = offset; i < offset + size; i += 1) flat[i] = draw()
  }
  return flat
}

function valueOf(name: string, shape: readonly number[], stream: RandomStream): () => number {
  if (shape.length === 1) {
    const center = name.endsWith('.weight') ? 1 : 0
    return () => center + 0.1 * stream.nextNormal()
  }
  const fanIn = shape.slice(1).reduce((product, extent) => product * extent, 1)
  return () => stream.nextNormal() / Math.sqrt(fanIn)
}
