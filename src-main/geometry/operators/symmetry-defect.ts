import { fillNormal, NonFiniteError, type RandomStream } from '#base'
import type { LinearOperator } from './operator.ts'

/**
 * Estimates how far an operator is from symmetric: ‖A − Aᵀ‖_F / ‖A‖_F.
 *
 * For independent normal u and v, E (⟨u, Av⟩ − ⟨v, Au⟩)² = ‖A − Aᵀ‖_F² and E ‖Av‖² = ‖A‖_F². A symmetric
 * operator gives a few units of the arithmetic's round-off, whatever its scale; the zero operator 0.
 *
 * Cost: 2·`pairs` applications in one call; two blocks `[2·pairs, n]` held. Deterministic for a given
 * stream.
 *
 * @param pairs - Pairs (u, v), 1 or more; four tell a defect from rounding, more measure it closely.
 * @throws NonFiniteError if a product is not finite.
 */
export async function symmetryDefect(
  operator: LinearOperator,
  stream: RandomStream,
  pairs = 4,
): Promise<number> {
  const { size, space } = operator
  const rows = 2 * pairs
  const vectors = space.allocate(rows)
  fillNormal(vectors, stream)
  const products = space.allocate(rows)
  await operator.apply(vectors, rows, products)
  const inner = await space.innerProducts(vectors, rows, products, rows)
  let difference = 0
  let length = 0
  for (let row = 0; row < rows; row += 1) {
    length += (await space.norm(products.subarray(row * size, (row + 1) * size))) ** 2
  }
  for (let u = 0; u < rows; u += 2) {
    const v = u + 1
    difference += ((inner[u * rows + v] ?? 0) - (inner[v * rows + u] ?? 0)) ** 2
  }
  if (!Number.isFinite(difference) || !Number.isFinite(length)) {
    throw new NonFiniteError("the operator's products with random vectors")
  }
  return length === 0 ? 0 : Math.sqrt(difference / pairs / (length / rows))
}
