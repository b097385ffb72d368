import { sizeOf } from '#tensor/dense'
import { extentsAt, freeAxes, type DotParams, type ValueType } from '#tensor/program'
import type { Tensor, TensorflowBackend } from './backend.ts'

/** One factor as `[stack, free, contracted]`, or `[stack, contracted, free]` where it lies so. */
interface Matrices {
  readonly tensor: Tensor
  readonly isTransposed: boolean
}

function asMatrices(
  tf: TensorflowBackend,
  x: Tensor,
  batch: readonly number[],
  contract: readonly number[],
): Matrices {
  const free = freeAxes(x.rank, contract, batch)
  const isNatural = (order: readonly number[]): boolean => order.every((axis, i) => axis === i)
  const extent = (axes: readonly number[]): number => sizeOf(extentsAt(x.shape, axes))
  const [stack, rows, inner] = [extent(batch), extent(free), extent(contract)]
  if (isNatural([...batch, ...contract, ...free])) {
    return { tensor: tf.reshape(x, [stack, inner, rows]), isTransposed: true }
  }
  const plain = [...batch, ...free, ...contract]
  const ordered = isNatural(plain) ? x : tf.transpose(x, plain)
  return { tensor: tf.reshape(ordered, [stack, rows, inner]), isTransposed: false }
}

/** A contraction as one product of stacks of matrices; data moves only where the layout asks for it. */
export function contract(
  tf: TensorflowBackend,
  lhs: Tensor,
  rhs: Tensor,
  params: DotParams,
  type: ValueType,
): Tensor {
  const left = asMatrices(tf, lhs, params.lhsBatch, params.lhsContract)
  const right = asMatrices(tf, rhs, params.rhsBatch, params.rhsContract)
  const product = tf.matMul(left.tensor, right.tensor, left.isTransposed, !right.isTransposed)
  return tf.reshape(product, [...type.shape])
}
