/** Nodes and weights of a rule ∫ f ≈ Σ wᵢ·f(xᵢ). */
export interface QuadratureRule {
  readonly nodes: Float64Array
  readonly weights: Float64Array
}

/**
 * The Gauss–Legendre rule of an order on [low, high]: exact for polynomials of degree 2·order − 1.
 *
 * Newton's method on the Legendre polynomial from its asymptotic zeros; O(order²).
 */
export function gaussLegendre(order: number, low: number, high: number): QuadratureRule {
  const nodes = new Float64Array(order)
  const weights = new Float64Array(order)
  for (let i = 0; i < order; i += 1) {
    let x = -Math.cos((Math.PI * (i + 0.75)) / (order + 0.5))
    let slope = 0
    for (let iteration = 0; iteration < 10; iteration += 1) {
      let [before, value] = [0, 1]
      for (let k = 1; k <= order; k += 1) {
        ;[before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k]
      }
      slope = (order * (before - x * value)) / (1 - x * x)
      const change = value / slope
      x -= change
      if (Math.abs(change) < 1e-16) break
    }
    nodes[i] = low + ((high - low) * (1 + x)) / 2
    weights[i] = (high - low) / ((1 - x * x) * slope * slope)
  }
  return { nodes, weights }
}
