import { NonFiniteError } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'

/** An eigenvalue with the length of its residual ‖Av − λv‖, ‖v‖ = 1. */
export interface Eigenpair {
  readonly value: number
  readonly residual: number
}

/** Pairs with their vectors in the same order. */
export interface MeasuredPairs {
  readonly pairs: readonly Eigenpair[]
  /** `[count, n]`. */
  readonly vectors: Vector
}

/**
 * Measures eigenvectors by one product each: `value` is the Rayleigh quotient ⟨v, Av⟩/⟨v, v⟩, an error of order
 * residual²/gap, and `residual` the true ‖Av − λv‖.
 *
 * The Rayleigh quotients of nearly equal values may come in another order than the vectors did, so pairs
 * and vectors are put in order together: the first `top` descending, the others ascending.
 *
 * @param vectors - `[count, n]` unit rows.
 * @param options.rows - Vectors of an application: those of the search, whose program is at hand.
 * @throws NonFiniteError naming the product, counted on from `before`, that is not finite.
 */
export async function measurePairs(
  operator: LinearOperator,
  vectors: Vector,
  count: number,
  options: { readonly top: number; readonly before: number; readonly rows: number },
): Promise<MeasuredPairs> {
  const { size, space } = operator
  const row = (buffer: Vector, i: number): Vector => buffer.subarray(i * size, (i + 1) * size)
  const products = space.allocate(count)
  for (let from = 0; from < count; from += options.rows) {
    const rows = Math.min(options.rows, count - from)
    const [first, end] = [from * size, (from + rows) * size]
    await operator.apply(vectors.subarray(first, end), rows, products.subarray(first, end))
  }
  const pairs: Eigenpair[] = []
  for (let i = 0; i < count; i += 1) {
    const [v, r] = [row(vectors, i), row(products, i)]
    const [product] = await space.innerProducts(v, 1, r, 1)
    const [length] = await space.innerProducts(v, 1, v, 1)
    const value = product! / length!
    await space.addCombination(r, 1, Float64Array.of(-value), v, 1)
    const residual = await space.norm(r)
    if (!Number.isFinite(value) || !Number.isFinite(residual)) {
      throw new NonFiniteError(`the operator's product ${options.before + i + 1}`)
    }
    pairs.push({ value, residual })
  }
  const indices = pairs.map((_, i) => i)
  const order = [
    ...indices.slice(0, options.top).sort((a, b) => pairs[b]!.value - pairs[a]!.value),
    ...indices.slice(options.top).sort((a, b) => pairs[a]!.value - pairs[b]!.value),
  ]
  order.forEach((from, to) => {
    row(products, to).set(row(vectors, from))
  })
  return { pairs: order.map((i) => pairs[i]!), vectors: products }
}
