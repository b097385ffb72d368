import {
  Graph,
  inlineProgram,
  mul,
  reduceSum,
  simplifyProgram,
  stopGradient,
} from '#tensor/program'
import type { Program } from '#tensor/program'
import { gradient, hvp, jvp, vjp } from '#tensor/transforms'

/**
 * The product of a symmetric matrix with one vector, over one batch, by the tensors it is restricted to.
 *
 * @param wrt - Places of the tensors among the parameters, which are the first inputs.
 * @returns A program with inputs (parameters, those of a batch, one tangent a tensor) and outputs (the product, one a
 *   tensor).
 */
export type ProductOf = (wrt: readonly number[]) => Program

/** v ↦ ∇²L·v of a scalar program L(θ, batch). */
export const hessianProduct =
  (loss: Program): ProductOf =>
  (wrt) =>
    hvp(loss, wrt, null)

/** The matrix JᵀMJ of values y(θ) with Jacobian J. */
export interface FactoredMatrix {
  /** Inputs: θ and some of the batch's; its one output is y. */
  readonly values: Program
  /** Inputs: y, the others of the batch, and ẏ; its one output is M·ẏ, of y's shape. M is symmetric. */
  readonly metric: Program
}

/**
 * v ↦ JᵀM(J·v): forward to the values, through the metric, and back.
 *
 * @returns Products whose batch is that of `values`, then that of `metric`.
 */
export const factoredProduct =
  ({ values, metric }: FactoredMatrix): ProductOf =>
  (wrt) => {
    const graph = new Graph()
    const inputs = values.inputs.map(({ type }) => graph.input(type))
    const others = metric.inputs.slice(1, -1).map(({ type }) => graph.input(type))
    const tangents = wrt.map((i) => graph.input(values.inputs[i]!.type))
    // The primal values of both passes are one after simplification.
    const [y, moved] = inlineProgram(jvp(values, wrt), graph, [...inputs, ...tangents])
    const [cotangent] = inlineProgram(metric, graph, [y!, ...others, moved!])
    const [, ...products] = inlineProgram(vjp(values, wrt), graph, [...inputs, cotangent!])
    const staying = [...inputs, ...others]
    const program = graph.finish(
      `${metric.name} of ${values.name}`,
      [...staying, ...tangents],
      products,
    )
    return simplifyProgram(program, { varyingInputs: tangents.map((_, i) => staying.length + i) })
  }

/**
 * The scalar ⟨r, y(θ)⟩ with r = ∇ℓ(y) held fixed. Its Hessian is the part E of ∇²ℓ(y(θ)) = G + E that bends with y,
 * Σ rᵢ ∇²yᵢ, with no difference of large numbers taken.
 *
 * @param values - As of {@link FactoredMatrix}.
 * @param loss - Inputs: y and the others of the batch; its first output is the scalar ℓ.
 */
export function residualLoss(values: Program, loss: Program): Program {
  const graph = new Graph()
  const inputs = values.inputs.map(({ type }) => graph.input(type))
  const others = loss.inputs.slice(1).map(({ type }) => graph.input(type))
  const [y] = inlineProgram(values, graph, inputs)
  const [slope] = inlineProgram(gradient(loss, [0]), graph, [y!, ...others])
  return graph.finish(
    `residual of ${values.name}`,
    [...inputs, ...others],
    [reduceSum(mul(stopGradient(slope!), y!))],
  )
}
