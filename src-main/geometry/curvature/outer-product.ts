import type { Vector } from '#geometry/operators'
import type { CurvatureOperator } from './curvature-operator.ts'

/**
 * The operator A − v·vᵀ, which takes A over: releasing it releases A.
 *
 * Cost: that of A, and two passes over the block.
 *
 * @param vector - v, `[n]`, of the operator's space.
 */
export function lessOuterProduct(operator: CurvatureOperator, vector: Vector): CurvatureOperator {
  const { space } = operator
  return {
    ...operator,
    apply: async (input, rows, output) => {
      await operator.apply(input, rows, output)
      const shares = await space.innerProducts(input, rows, vector, 1)
      const coefficients = shares.map((share) => -share)
      await space.addCombination(output, rows, coefficients, vector, 1)
    },
  }
}
