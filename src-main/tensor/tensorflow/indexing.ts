import { sizeOf } from '#tensor/dense'
import type { PrimitiveParams, ValueType } from '#tensor/program'
import type { Tensor, TensorflowBackend } from './backend.ts'

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i)

/** Adds up slices of equal index, whose dimensions are brought to the front for it. */
export function scatterAdd(
  tf: TensorflowBackend,
  updates: Tensor,
  indices: Tensor,
  { axis, extent }: PrimitiveParams['scatterAdd'],
  type: ValueType,
): Tensor {
  const indexed = range(axis, axis + indices.rank)
  const others = [...range(0, axis), ...range(axis + indices.rank, updates.rank)]
  const width = sizeOf(others.map((other) => updates.shape[other]!))
  const rows = tf.reshape(tf.transpose(updates, [...indexed, ...others]), [indices.size, width])
  const sums = tf.scatterND(tf.reshape(indices, [indices.size, 1]), rows, [extent, width])
  const fronted = tf.reshape(sums, [extent, ...type.shape.toSpliced(axis, 1)])
  return tf.transpose(fronted, [...range(1, axis + 1), 0, ...range(axis + 1, type.shape.length)])
}

/** Indices along an axis. */
export function iota(
  tf: TensorflowBackend,
  { shape, axis, dtype }: PrimitiveParams['iota'],
): Tensor {
  const line = tf.range(0, shape[axis]!, 1, dtype === 'int32' ? 'int32' : 'float32')
  const spread = shape.map((extent, i) => (i === axis ? extent : 1))
  return tf.broadcastTo(tf.reshape(line, spread), [...shape])
}
