import type { DotParams, ValueType } from '#tensor/program'
import { contract, ordered, type Labelled } from './contraction.ts'
import type { OnnxGraph } from './onnx-graph.ts'

/** As in lowering.ts: a name and the extents really there. */
interface Operand {
  readonly value: { readonly name: string; readonly actual: readonly number[] }
  readonly type: ValueType
}

/** Writes a contraction as matrix products. */
export function lowerDot(
  graph: OnnxGraph,
  lhs: Operand,
  rhs: Operand,
  params: DotParams,
  type: ValueType,
): { name: string; actual: readonly number[] } {
  const { lhsContract, rhsContract, lhsBatch, rhsBatch } = params
  const extents = new Map<string, number>()
  const labelled = (
    { value, type: { shape } }: Operand,
    free: string,
    contracted: readonly number[],
    batch: readonly number[],
  ): Labelled => {
    const labels = shape.map((extent, axis) => {
      const [c, b] = [contracted.indexOf(axis), batch.indexOf(axis)]
      const shared = c === -1 ? `batch ${b}` : `contracted ${c}`
      const label = c === -1 && b === -1 ? `${free} ${axis}` : shared
      extents.set(label, extent)
      return label
    })
    return { name: value.name, labels, actual: value.actual }
  }
  const left = labelled(lhs, 'left', lhsContract, lhsBatch)
  const right = labelled(rhs, 'right', rhsContract, rhsBatch)
  const kept = new Set(lhsBatch.map((_, i) => `batch ${i}`))
  const isFree = (label: string): boolean => label.startsWith('left') || label.startsWith('right')
  const wanted = [...kept, ...left.labels.filter(isFree), ...right.labels.filter(isFree)]
  return ordered(graph, contract(graph, left, right, kept, extents, type.dtype), wanted)
}
