import {
  add,
  broadcastTo,
  cast,
  equal,
  greater,
  iota,
  matmul,
  pad,
  reduceSum,
  reshape,
  slice,
  sub,
  type Tracer,
} from '#tensor/program'

/** `[rows, n]`: the sum of the entries before each in its row, so that the first is 0. */
function sumsBefore(values: Tracer): Tracer {
  const count = values.shape[1]!
  const [row, column] = [0, 1].map((axis) => iota(values, [count, count], axis))
  return matmul(values, cast(greater(column!, row!), values.type.dtype))
}

/** The same by blocks of about √n, for 2·√n multiplications an entry and no matrix of n². */
function sumsBeforeByBlocks(values: Tracer): Tracer {
  const [rows, count] = values.shape as [number, number]
  const side = Math.ceil(Math.sqrt(count))
  const padded = pad(values, [0, 0], [0, side * side - count])
  const within = reshape(sumsBefore(reshape(padded, [rows * side, side])), [rows, side, side])
  const blocks = sumsBefore(reduceSum(reshape(padded, [rows, side, side]), [2]))
  const sums = add(within, broadcastTo(reshape(blocks, [rows, side, 1]), [rows, side, side]))
  return slice(reshape(sums, [rows, side * side]), [0, 0], [rows, count])
}

/**
 * The one-hot of a class drawn from each row of probabilities.
 *
 * @param probabilities - `[rows, c]`.
 * @param uniform - `[rows]`, in 0…1.
 * @returns `[rows, c]`.
 */
export function drawnClasses(probabilities: Tracer, uniform: Tracer): Tracer {
  const [rows, count] = probabilities.shape as [number, number]
  // Before the first class is 0, so some class is always drawn.
  const before = sumsBeforeByBlocks(probabilities)
  const isPast = cast(greater(before, reshape(uniform, [rows, 1])), probabilities.type.dtype)
  const drawn = sub(count - 1, reduceSum(isPast, [1]))
  const classes = cast(iota(probabilities, [rows, count], 1), probabilities.type.dtype)
  return cast(
    equal(classes, broadcastTo(reshape(drawn, [rows, 1]), [rows, count])),
    probabilities.type.dtype,
  )
}
