import {
  add,
  cast,
  concatenate,
  div,
  equal,
  iota,
  matmul,
  maximum,
  abs,
  mul,
  neg,
  reduceMax,
  reduceSum,
  slice,
  sub,
  transpose,
  type Tracer,
} from '#tensor/program'

/** Blocks up to this size are inverted by iteration, larger ones are divided. */
const largestIterated = 96

/**
 * Steps of Newton and Schulz on such a block: the smallest eigenvalue's error 1 − 1/κ is squared by each, so 26 are enough
 * for κ = 4·10⁶ before rounding ends it.
 */
const iterations = 26

/** The identity `[n, n]`. */
export const identityLike = (like: Tracer, n: number): Tracer =>
  cast(equal(iota(like, [n, n], 0), iota(like, [n, n], 1)), like.type.dtype)

/** X ← X·(2·I − M·X), which squares the residual I − M·X. */
const refined = (matrix: Tracer, inverse: Tracer): Tracer =>
  add(inverse, sub(inverse, matmul(inverse, matmul(matrix, inverse))))

/** (X + Xᵀ)/2 */
const symmetrized = (x: Tracer): Tracer => mul(add(x, transpose(x, [1, 0])), 0.5)

function iterated(matrix: Tracer): Tracer {
  const n = matrix.shape[0]!
  // The largest row sum bounds the eigenvalues, so the start leaves a residual in 0…1.
  const bound = reduceMax(reduceSum(abs(matrix), [1]))
  const scale = maximum(bound, 1e-30)
  let inverse: Tracer = div(identityLike(matrix, n), scale)
  for (let i = 0; i < iterations; i += 1) inverse = refined(matrix, inverse)
  return symmetrized(inverse)
}

function divided(matrix: Tracer): Tracer {
  const n = matrix.shape[0]!
  if (n <= largestIterated) return iterated(matrix)
  const half = largestIterated * Math.ceil(n / largestIterated / 2)
  const corner = slice(matrix, [0, 0], [half, half])
  const side = slice(matrix, [0, half], [half, n])
  const rest = slice(matrix, [half, half], [n, n])
  const cornerInverse = divided(corner)
  const share = matmul(cornerInverse, side)
  const restInverse = divided(sub(rest, matmul(transpose(side, [1, 0]), share)))
  const across = neg(matmul(share, restInverse))
  const top = sub(cornerInverse, matmul(across, transpose(share, [1, 0])))
  return concatenate(
    [concatenate([top, across], 1), concatenate([transpose(across, [1, 0]), restInverse], 1)],
    0,
  )
}

/**
 * Inverse of a symmetric positive definite matrix `[n, n]` as matrix products: by Schur complements down to blocks, which
 * are inverted by iteration, and one refinement of the whole.
 *
 * About 3·n³ multiplications. In float32 right to about κ·10⁻⁷ relative for condition numbers κ up to 10⁴; beyond, the error
 * given may be large, since rounding in the inverse of a corner adds up in what is subtracted.
 *
 * @returns The inverse, and by how much the refinement has changed it, largest entry by largest entry `[]`: an estimate of
 *   the relative error before it.
 */
export function inverseWithError(matrix: Tracer): {
  readonly inverse: Tracer
  readonly error: Tracer
} {
  const first = divided(matrix)
  const change = sub(first, matmul(first, matmul(matrix, first)))
  return {
    inverse: symmetrized(add(first, change)),
    error: div(reduceMax(abs(change)), reduceMax(abs(first))),
  }
}
