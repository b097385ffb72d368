import { sizeOf } from '#tensor/dense'
import { freeAxes, type DotParams, type ValueType } from '#tensor/program'
import type { OnnxGraph } from './onnx-graph.ts'

/** As in lowering.ts: a name and the extents really there. */
interface Operand {
  readonly value: { readonly name: string; readonly actual: readonly number[] }
  readonly type: ValueType
}

/** One factor as a stack of matrices. */
interface Matrices {
  readonly name: string
  /** Extents of the stack, really there (1 where it repeats). */
  readonly stack: readonly number[]
  /** Whether the matrix is stored with its contracted dimension on the other side. */
  readonly isTransposed: boolean
}

const product = (axes: readonly number[], shape: readonly number[]): number =>
  sizeOf(axes.map((axis) => shape[axis]!))

const isAscendingRun = (axes: readonly number[]): boolean =>
  axes.every((axis, i) => i === 0 || axis === axes[i - 1]! + 1)

/**
 * Brings one factor into the form stack × free × contracted (or contracted × free) by a reshape where
 * the dimensions already lie so, by a transpose otherwise.
 *
 * `contract` is in the order both factors share.
 */
function asMatrices(
  graph: OnnxGraph,
  { value, type }: Operand,
  contract: readonly number[],
  batch: readonly number[],
): Matrices {
  const { shape } = type
  const free = freeAxes(shape.length, contract, batch)
  // Only the stack may stay repeated; matrix dimensions must be there.
  const wanted = shape.map((extent, axis) => (batch.includes(axis) ? value.actual[axis]! : extent))
  let name = wanted.every((extent, axis) => extent === value.actual[axis])
    ? value.name
    : graph.node('Expand', [value.name, graph.integers(wanted)])
  const natural = wanted.map((_, axis) => axis)
  const plain = [...batch, ...free, ...contract]
  const turned = [...batch, ...contract, ...free]
  const isPlain = plain.every((axis, i) => axis === natural[i])
  const isTurned = !isPlain && turned.every((axis, i) => axis === natural[i])
  if (!isPlain && !isTurned) name = graph.node('Transpose', [name], { perm: plain })
  const stack = batch.map((axis) => wanted[axis]!)
  const rows = product(free, shape)
  const inner = product(contract, shape)
  const target = [...stack, ...(isTurned ? [inner, rows] : [rows, inner])]
  const isAlready = free.length === 1 && contract.length === 1
  if (!isAlready) name = graph.node('Reshape', [name, graph.integers(target)])
  return { name, stack, isTransposed: isTurned }
}

/** x·y over stacks, with either factor stored transposed. */
function multiply(graph: OnnxGraph, lhs: Matrices, rhs: Matrices, type: ValueType): string {
  const transA = lhs.isTransposed ? 1 : 0
  // The right factor is used as contracted × free; asMatrices gives free × contracted.
  const transB = rhs.isTransposed ? 0 : 1
  const isFlat = lhs.stack.length === 0 && rhs.stack.length === 0
  if (transA + transB === 0) return graph.node('MatMul', [lhs.name, rhs.name])
  if (isFlat) return graph.node('Gemm', [lhs.name, rhs.name], { transA, transB })
  if (type.dtype === 'float32') {
    return graph.node('FusedMatMul', [lhs.name, rhs.name], { transA, transB }, 'com.microsoft')
  }
  const swap = (matrices: Matrices, isNeeded: boolean): string => {
    if (!isNeeded) return matrices.name
    const rank = matrices.stack.length
    const perm = [...matrices.stack.map((_, axis) => axis), rank + 1, rank]
    return graph.node('Transpose', [matrices.name], { perm })
  }
  return graph.node('MatMul', [swap(lhs, transA === 1), swap(rhs, transB === 1)])
}

/**
 * Writes a contraction as matrix products without moving data where the layout allows.
 *
 * A left factor whose contracted dimension lies between free ones (`[K, N, h]` over N: the tangents'
 * share of a weight gradient) is read as a stack of K matrices.
 */
export function lowerDot(
  graph: OnnxGraph,
  lhs: Operand,
  rhs: Operand,
  params: DotParams,
  type: ValueType,
): { name: string; actual: readonly number[] } {
  // One order for the contracted dimensions of both factors: ascending on the left.
  const order = params.lhsContract.map((_, i) => i)
  order.sort((a, b) => params.lhsContract[a]! - params.lhsContract[b]!)
  const lhsContract = order.map((i) => params.lhsContract[i]!)
  const rhsContract = order.map((i) => params.rhsContract[i]!)
  const lhsFree = freeAxes(lhs.type.shape.length, lhsContract, params.lhsBatch)
  const first = lhsContract[0] ?? 0
  const leading = lhsFree.filter((axis) => axis < first)
  const hasFreeOnBothSides =
    leading.length > 0 && leading.length < lhsFree.length && isAscendingRun(lhsContract)
  const lhsStack = params.lhsBatch.length === 0 && hasFreeOnBothSides ? leading : params.lhsBatch
  const left = asMatrices(graph, lhs, lhsContract, lhsStack)
  const right = asMatrices(graph, rhs, rhsContract, params.rhsBatch)
  const raw = multiply(graph, left, right, type)

  const rank = Math.max(left.stack.length, right.stack.length)
  const stack = Array.from({ length: rank }, (_, i) =>
    Math.max(
      left.stack[i - rank + left.stack.length] ?? 1,
      right.stack[i - rank + right.stack.length] ?? 1,
    ),
  )
  const actual = type.shape.map((extent, axis) => (axis < lhsStack.length ? stack[axis]! : extent))
  const lhsRest = lhsFree.filter((axis) => !lhsStack.includes(axis))
  const rhsFree = freeAxes(rhs.type.shape.length, rhsContract, params.rhsBatch)
  const isAlready = lhsRest.length === 1 && rhsFree.length === 1
  const name = isAlready ? raw : graph.node('Reshape', [raw, graph.integers(actual)])
  return { name, actual }
}
