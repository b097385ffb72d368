import { sizeOf } from '#tensor/dense'
import type { PrimitiveParams, ValueType } from '#tensor/program'
import { materialize, reshapeNode, type Lowered, type LowerRule } from './lowering-rule.ts'
import { elementTypeOf, requireFloat32, type OnnxGraph } from './onnx-graph.ts'

/** Standardized rows, their means and their inverse deviations. */
export function layerNormalization(
  graph: OnnxGraph,
  x: Lowered,
  { epsilon, dimensions }: PrimitiveParams['standardize'],
  type: ValueType,
): [string, string, string] {
  requireFloat32('standardize', type)
  const row = type.shape.slice(-dimensions)
  const scale = graph.floats('ones', row, () => new Float32Array(sizeOf(row)).fill(1))
  const names = graph.nodes('LayerNormalization', [x.name, scale], 3, {
    axis: -dimensions,
    epsilon: { float: epsilon },
  })
  return names as [string, string, string]
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
