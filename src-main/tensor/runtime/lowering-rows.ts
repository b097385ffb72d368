import { sizeOf } from '#tensor/dense'
import type { PrimitiveParams, ValueType } from '#tensor/program'
import { materialize, reshapeNode, type Lowered, type LowerRule } from './lowering-rule.ts'
import { elementTypeOf, type OnnxGraph } from './onnx-graph.ts'

/**
 * Standardized rows and their inverse deviations.
 *
 * In float64 by elementary operations: the runtime's own holds epsilon and moments in float32.
 */
export function standardizedRows(
  graph: OnnxGraph,
  x: Lowered,
  { epsilon, dimensions }: PrimitiveParams['standardize'],
  type: ValueType,
): readonly [string, string] {
  const row = type.shape.slice(-dimensions)
  if (type.dtype === 'float64') {
    const number = (value: number): string => graph.number(value, 'float64', type.shape.length)
    const axes = graph.integers(row.map((_, i) => i - dimensions))
    const mean = (value: string): string => {
      const sum = graph.node('ReduceSum', [value, axes], { keepdims: 1 })
      return graph.node('Mul', [sum, number(1 / sizeOf(row))])
    }
    const centered = graph.node('Sub', [x.name, mean(x.name)])
    const variance = mean(graph.node('Mul', [centered, centered]))
    const deviation = graph.node('Sqrt', [graph.node('Add', [variance, number(epsilon)])])
    const inverse = graph.node('Div', [number(1), deviation])
    return [graph.node('Mul', [centered, inverse]), inverse]
  }
  const scale = graph.floats('ones', row, () => new Float32Array(sizeOf(row)).fill(1))
  const [standardized, , inverse] = graph.nodes('LayerNormalization', [x.name, scale], 3, {
    axis: -dimensions,
    epsilon: { float: epsilon },
  })
  return [standardized!, inverse!]
}

/** Entries of a one-hot matrix up to which rows are added up by a matrix product. */
const largestOneHot = 2 ** 22

/**
 * Rows are added up by a product with a one-hot matrix, or, where that would be large, by ScatterElements. Not by
 * ScatterND: with several threads it loses additions to rows that occur more than once.
 */
export const lowerScatterAdd: LowerRule<'scatterAdd'> = (
  graph,
  [x, indices],
  { axis, extent },
  type,
  [xType, indexType],
) => {
  const count = sizeOf(indexType!.shape)
  const outer = sizeOf(xType!.shape.slice(0, axis))
  const inner = sizeOf(xType!.shape.slice(axis + indexType!.shape.length))
  const full = materialize(graph, x!, xType!.shape)
  const updates = reshapeNode(graph, full, [outer, count, inner]).name
  const rows = materialize(graph, indices!, indexType!.shape).name
  const table = ((): string => {
    if (extent * count <= largestOneHot) {
      const row = graph.node('Reshape', [rows, graph.integers([1, count])])
      const isRow = graph.node('Equal', [graph.range(extent, 'int32', [extent, 1]), row])
      const oneHot = graph.node('Cast', [isRow], { to: elementTypeOf(type.dtype) })
      return graph.node('MatMul', [oneHot, updates])
    }
    const zeros = graph.node('Expand', [
      graph.number(0, type.dtype, 3),
      graph.integers([outer, extent, inner]),
    ])
    const column = graph.node('Reshape', [rows, graph.integers([1, count, 1])])
    const everywhere = graph.node('Expand', [column, graph.integers([outer, count, inner])])
    return graph.node('ScatterElements', [zeros, everywhere, updates], {
      axis: 1,
      reduction: { text: 'add' },
    })
  })()
  return reshapeNode(graph, { name: table, actual: [outer, extent, inner] }, type.shape)
}
