import { sizeOf } from '#tensor/dense'
import {
  broadcastTo,
  constantLike,
  Graph,
  inlineProgram,
  mul,
  pruneProgram,
  reshape,
  type Program,
  type Tracer,
  type ValueType,
} from '#tensor/program'
import type { KfacLoss } from './kfac-settings.ts'

/** A number as a value. */
export const scalarType: ValueType = { dtype: 'float32', shape: [] }

/** The inputs that all programs of K-FAC begin with. */
export interface CommonInputs {
  readonly parameters: readonly Tracer[]
  readonly buffers: readonly Tracer[]
  readonly features: Tracer
  readonly targets: Tracer
  /** `[b]` */
  readonly weights: Tracer
}

/** Makes them in a new program. */
export function commonInputs(graph: Graph, { program, layout, buffers }: KfacLoss): CommonInputs {
  const [p, q] = [layout.entries.length, buffers.entries.length]
  const inputs = program.inputs.slice(0, p + q + 3).map(({ type }) => graph.input(type))
  return {
    parameters: inputs.slice(0, p),
    buffers: inputs.slice(p, p + q),
    features: inputs[p + q]!,
    targets: inputs[p + q + 1]!,
    weights: inputs[p + q + 2]!,
  }
}

/** In the order of a program's inputs. */
export const listInputs = (inputs: CommonInputs): Tracer[] => [
  ...inputs.parameters,
  ...inputs.buffers,
  inputs.features,
  inputs.targets,
  inputs.weights,
]

/** The loss with nothing added to its layers: outputs those of the open loss, or those picked from it. */
export function closedLoss(
  loss: KfacLoss,
  pick: (program: Program) => Program['outputs'],
): Program {
  const graph = new Graph()
  const common = listInputs(commonInputs(graph, loss))
  const added = loss.program.inputs
    .slice(common.length)
    .map(({ type }) => constantLike(common.at(-1)!, 0, type.shape))
  const picked = pruneProgram({ ...loss.program, outputs: pick(loss.program) })
  const outputs = inlineProgram(picked, graph, [...common, ...added])
  return graph.finish(loss.program.name, common, outputs)
}

/** Where the parts of an open loss's outputs are. */
export const outputsPlace = ({ buffers }: KfacLoss): number => 1 + buffers.entries.length

/** wᵢ/P of each row of the network's outputs, `[b·P, 1]`. */
export function rowWeights(weights: Tracer, answers: number): Tracer {
  const batchSize = weights.shape[0]!
  const shares = reshape(mul(weights, 1 / answers), [batchSize, 1])
  const repeated = broadcastTo(shares, [batchSize, answers])
  return reshape(repeated, [batchSize * answers, 1])
}

/** Types of tensors as float32. */
export const float32Types = (
  tensors: readonly { readonly shape: readonly number[] }[],
): ValueType[] => tensors.map(({ shape }) => ({ dtype: 'float32', shape }))

/** Entries of an open loss's outputs: rows and columns. */
export function outputShape(loss: KfacLoss): readonly [rows: number, columns: number] {
  const { shape } = loss.program.outputs[outputsPlace(loss)]!.type
  return [shape[0]!, sizeOf(shape.slice(1))]
}
