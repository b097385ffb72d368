import type { StateTensor } from '#learn/optimizers'
import {
  add,
  div,
  Graph,
  maximum,
  minimum,
  mul,
  reduceMean,
  reduceSum,
  simplifyProgram,
  sqrt,
  type Program,
  type Tracer,
} from '#tensor/program'
import { factorTensors, type KfacParts } from './kfac-blocks.ts'
import { float32Types, scalarType } from './kfac-programs.ts'
import type { KfacLoss } from './kfac-settings.ts'
import { identityLike, inverseWithError } from './newton-inverse.ts'

/** Bound of π and 1/π: a layer without derivatives would have none. */
const largestRatio = 1e4

/** Below this a mean of eigenvalues counts as this. */
const smallestMean = 1e-20

/** The running means that have an inverse: those of blocks. */
export const inverseTensors = (loss: KfacLoss, parts: KfacParts): StateTensor[] =>
  factorTensors(loss, parts).slice(0, 2 * parts.blocks.length)

/** Mean eigenvalue of a factor, a matrix or a diagonal. */
function meanEigenvalue(factor: Tracer): Tracer {
  const n = factor.shape[0]!
  return factor.shape.length === 1
    ? reduceMean(factor)
    : mul(reduceSum(mul(factor, identityLike(factor, n))), 1 / n)
}

/**
 * Inverses of the damped factors, (A + π·√λ·I)⁻¹ and (G + √λ/π·I)⁻¹ with π² the ratio of their mean eigenvalues.
 *
 * @returns A program with inputs (factors of the blocks, λ `[]`) and outputs (their inverses, the largest relative error of one `[]`).
 * @see Martens and Grosse (2015), §6.3
 */
export function inverseProgram(loss: KfacLoss, parts: KfacParts): Program {
  const graph = new Graph()
  const factors = float32Types(inverseTensors(loss, parts)).map((type) => graph.input(type))
  const damping = graph.input(scalarType)
  const root = sqrt(damping)
  const errors: Tracer[] = [mul(damping, 0)]
  const invert = (factor: Tracer, shift: Tracer): Tracer => {
    if (factor.shape.length === 1) return div(1, add(factor, shift))
    const shifted = add(factor, mul(identityLike(factor, factor.shape[0]!), shift))
    const { inverse, error } = inverseWithError(shifted)
    errors.push(error)
    return inverse
  }
  const inverses = parts.blocks.flatMap((_, i) => {
    const [inputs, outputs] = [factors[2 * i]!, factors[2 * i + 1]!]
    const means = [inputs, outputs].map((factor) => maximum(meanEigenvalue(factor), smallestMean))
    const ratio = sqrt(div(means[0]!, means[1]!))
    const pi = minimum(maximum(ratio, 1 / largestRatio), largestRatio)
    return [invert(inputs, mul(root, pi)), invert(outputs, div(root, pi))]
  })
  return simplifyProgram(
    graph.finish(
      `inverses(${loss.program.name})`,
      [...factors, damping],
      [...inverses, errors.reduce((a, b) => maximum(a, b))],
    ),
  )
}
