import { sizeOf } from '#tensor/dense'
import {
  dilatedExtent,
  extentsAt,
  spatialOf,
  type ConvParams,
  type ValueType,
} from '#tensor/program'
import type { Tensor, TensorflowBackend } from './backend.ts'

/** All indices of a shape, in row-major order. */
const indicesOf = (shape: readonly number[]): number[][] =>
  shape.reduce<number[][]>(
    (indices, extent) =>
      indices.flatMap((index) => Array.from({ length: extent }, (_, i) => [...index, i])),
    [[]],
  )

/** Puts `dilation − 1` zeros between the entries along an axis. */
function dilate(tf: TensorflowBackend, x: Tensor, axis: number, dilation: number): Tensor {
  const extent = x.shape[axis]!
  if (dilation === 1) return x
  const before = sizeOf(x.shape.slice(0, axis))
  const after = sizeOf(x.shape.slice(axis + 1))
  const spread = tf.pad(tf.reshape(x, [before * extent, after]), [
    [0, 0],
    [0, (dilation - 1) * after],
  ])
  const whole = tf.reshape(spread, [before, extent * dilation, after])
  const target = dilatedExtent(extent, dilation)
  return tf.reshape(tf.slice(whole, [0, 0, 0], [before, target, after]), x.shape.with(axis, target))
}

/** Zeros around the spatial dimensions of a value `[group, batch, …spatial, feature]`; a negative number crops. */
function padSpatial(
  tf: TensorflowBackend,
  x: Tensor,
  low: readonly number[],
  high: readonly number[],
): Tensor {
  const around = (list: readonly number[]): number[] => [0, 0, ...list, 0]
  const isNone = [...low, ...high].every((extent) => extent === 0)
  if (isNone) return x
  const [first, last] = [around(low), around(high)]
  const padded = tf.pad(
    x,
    first.map((extent, axis): [number, number] => [Math.max(extent, 0), Math.max(last[axis]!, 0)]),
  )
  return tf.slice(
    padded,
    first.map((extent) => Math.max(-extent, 0)),
    x.shape.map((extent, axis) => extent + first[axis]! + last[axis]!),
  )
}

/** Entries `start + i·step`, i = 0…count−1, of each spatial dimension of `[group, batch, …spatial, feature]`. */
function windowAt(
  tf: TensorflowBackend,
  x: Tensor,
  start: readonly number[],
  count: readonly number[],
  step: readonly number[],
): Tensor {
  const [group, batch] = x.shape
  const end = start.map((first, i) => first + (count[i]! - 1) * step[i]! + 1)
  return tf.stridedSlice(
    x,
    [0, 0, ...start, 0],
    [group, batch!, ...end, x.shape.at(-1)!],
    [1, 1, ...step, 1],
  )
}

/** Σ of terms, of which no more than two are held at a time. */
function sumOf(
  tf: TensorflowBackend,
  indices: readonly number[][],
  term: (index: readonly number[], flat: number) => Tensor,
): Tensor {
  let sum = tf.tidy(() => term(indices[0]!, 0))
  for (let flat = 1; flat < indices.length; flat += 1) {
    const held = sum
    sum = tf.tidy(() => tf.add(held, term(indices[flat]!, flat)))
    held.dispose()
  }
  return sum
}

/**
 * The convolution of the program, by matrix products over patches: one product a kernel tap, or one a
 * position of the result where those are fewer (as where the gradient of a kernel is taken).
 *
 * TensorFlow's own conv2d has no input dilation, and its groups only on some devices.
 */
export function convolve(
  tf: TensorflowBackend,
  lhs: Tensor,
  rhs: Tensor,
  params: ConvParams,
  type: ValueType,
): Tensor {
  const { strides, low, high, inputDilation, kernelDilation } = params
  const [group, batch, feature] = params.lhsAxes
  const [rhsGroup, rhsOut, rhsFeature] = params.rhsAxes
  const [G, B, O, ...positions] = extentsAt(type.shape, params.outAxes)
  const F = lhs.shape[feature!]!
  const taps = extentsAt(rhs.shape, spatialOf(params.rhsAxes))
  const P = sizeOf(positions)
  const T = sizeOf(taps)

  const ordered = tf.transpose(lhs, [group!, batch!, ...spatialOf(params.lhsAxes), feature!])
  const dilated = inputDilation.reduce((x, step, i) => dilate(tf, x, i + 2, step), ordered)
  const image = padSpatial(tf, dilated, low, high)

  const overTaps = (): Tensor => {
    const order = [...spatialOf(params.rhsAxes), rhsGroup!, rhsOut!, rhsFeature!]
    const kernel = tf.reshape(tf.transpose(rhs, order), [T, G! * O! * F])
    return sumOf(tf, indicesOf(taps), (tap, flat) => {
      const start = tap.map((t, i) => t * kernelDilation[i]!)
      const patch = tf.reshape(windowAt(tf, image, start, positions, strides), [G!, B! * P, F])
      const weight = tf.reshape(tf.slice(kernel, [flat, 0], [1, G! * O! * F]), [G!, O!, F])
      return tf.matMul(patch, weight, false, true)
    })
  }
  const overPositions = (): Tensor => {
    const order = [rhsGroup!, rhsOut!, ...spatialOf(params.rhsAxes), rhsFeature!]
    const kernel = tf.reshape(tf.transpose(rhs, order), [G!, O!, T * F])
    const products = indicesOf(positions).map((position) =>
      tf.tidy(() => {
        const start = position.map((j, i) => j * strides[i]!)
        const patch = windowAt(tf, image, start, taps, kernelDilation)
        return tf.matMul(tf.reshape(patch, [G!, B!, T * F]), kernel, false, true)
      }),
    )
    return tf.stack(products, 2)
  }
  const result = tf.reshape(T <= P ? overTaps() : overPositions(), [G!, B!, ...positions, O!])
  const rank = result.rank
  const roles = [0, 1, rank - 1, ...positions.map((_, i) => i + 2)]
  return tf.transpose(
    result,
    roles.map((_, axis) => roles[params.outAxes.indexOf(axis)]!),
  )
}
