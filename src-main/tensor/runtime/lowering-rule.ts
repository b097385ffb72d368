import { sameShape } from '#tensor/dense'
import type { Equation, Primitive, PrimitiveParams, ValueType } from '#tensor/program'
import type { BlockedConvolutions } from './conv-blocked.ts'
import type { SharedPatches } from './conv-ways.ts'
import type { OnnxGraph } from './onnx-graph.ts'

/**
 * A value in the ONNX graph. `actual` has the rank of the value's shape; where it is 1 and the shape is
 * not, the repetition is left to the reader (ONNX broadcasts elementwise operands and matrix batches),
 * so repeated tensors are not written out.
 */
export interface Lowered {
  readonly name: string
  readonly actual: readonly number[]
}

/** Writes one equation. */
export type LowerRule<P extends Primitive> = (
  graph: OnnxGraph,
  inputs: readonly Lowered[],
  params: PrimitiveParams[P],
  type: ValueType,
  inputTypes: readonly ValueType[],
  context: LoweringContext,
) => Lowered

/** What a rule may ask of the program around its equation. */
export interface LoweringContext {
  readonly equation: Equation
  readonly sharedPatches: SharedPatches
  /** Null where channels are not blocked. */
  readonly blocked: BlockedConvolutions | null
}

/** Writes repetitions out. */
export function materialize(graph: OnnxGraph, value: Lowered, shape: readonly number[]): Lowered {
  if (sameShape(value.actual, shape)) return value
  return { name: graph.node('Expand', [value.name, graph.integers(shape)]), actual: shape }
}

/** The same entries under another shape. */
export function reshapeNode(graph: OnnxGraph, value: Lowered, actual: readonly number[]): Lowered {
  if (sameShape(value.actual, actual)) return value
  return { name: graph.node('Reshape', [value.name, graph.integers(actual)]), actual }
}

const joint = (values: readonly Lowered[]): number[] =>
  values[0]!.actual.map((_, axis) => Math.max(...values.map((value) => value.actual[axis]!)))

/** Operators that broadcast their operands. */
export const elementwise =
  (opType: string): LowerRule<Primitive> =>
  (graph, inputs) => ({
    name: graph.node(
      opType,
      inputs.map((input) => input.name),
    ),
    actual: joint(inputs),
  })

/** One rule a primitive. */
export type LoweringRules = { readonly [P in Primitive]: LowerRule<P> }
