import type { Program } from '#tensor/program'
import { createCurvatureOperator, type CurvatureOperator } from './curvature-operator.ts'
import type { CurvatureSetting } from './placed-inputs.ts'
import { hessianProduct } from './product-programs.ts'

/** What the Hessian is of and where. */
export interface HessianOptions extends CurvatureSetting {
  /** A program of a scalar loss; its first inputs are the parameters of `layout`, the others those of a batch. */
  readonly loss: Program
}

/**
 * The Hessian of a loss: H·v = Σ over batches of d/dt ∇L(θ + t·v), as {@link createCurvatureOperator}.
 *
 * @see Pearlmutter, Fast exact multiplication by the Hessian (1994)
 */
export const createHessianOperator = ({
  loss,
  ...setting
}: HessianOptions): Promise<CurvatureOperator> =>
  createCurvatureOperator({ ...setting, product: hessianProduct(loss) })
