import { totalmem } from 'node:os'
import type { Layout } from '#tensor/dense'
import type { Program } from '#tensor/program'
import { planProgram } from '#tensor/runtime'
import { hvp } from '#tensor/transforms'
import { withTotals } from './batch-sum.ts'
import { planProduct } from './linear-sum.ts'

/** Bytes that the products of a Hessian operator take, beside parameters, batches and the vectors they are given. */
export interface ProductMemory {
  /** Values inside the programs, and residuals kept from call to call. */
  readonly activations: number
  /** Blocks in the programs' own order, and totals over batches. */
  readonly workspace: number
}

/** Bytes that residuals may take if nobody says. */
export const defaultResidualMemory = (): number => totalmem() / 8

/**
 * Forecasts the memory of a Hessian operator that has been applied to a block of `rows` vectors and to a single one.
 *
 * Cost: as compiling the programs without loading them, milliseconds.
 *
 * @param options.loss - A program of a scalar loss; its first inputs are the parameters of `layout`.
 * @param options.batchCount - Batches the operator sums over.
 * @param options.residualMemory - As of the operator.
 */
export function forecastProductMemory(options: {
  readonly loss: Program
  readonly layout: Layout
  readonly batchCount: number
  readonly rows: number
  readonly residualMemory?: number | undefined
}): ProductMemory {
  const { loss, layout, batchCount, rows } = options
  const wrt = layout.entries.map((_, i) => i)
  const tangents = wrt.map((i) => loss.inputs.length + i)
  let residualMemory = options.residualMemory ?? defaultResidualMemory()
  let activations = 0
  let workspace = 0
  for (const count of new Set([rows, 1])) {
    const program = hvp(loss, wrt, count)
    const { linearized, residualBytes } = planProduct(program, tangents, batchCount, residualMemory)
    residualMemory -= residualBytes
    const perCall = linearized?.tangent ?? program
    const plans = [batchCount === 1 ? perCall : withTotals(perCall)].map(planProgram)
    // Its session is not given back at once.
    if (linearized !== null) plans.push(planProgram(linearized.primal))
    activations += residualBytes
    for (const plan of plans) activations += plan.workspace + plan.graph
    // Blocks of input and output, or two running totals; a single vector is read and written where it lies.
    const outputs = batchCount === 1 ? Number(count > 1) : 2
    const blocks = Number(count > 1) + outputs
    workspace += blocks * count * 4 * layout.size
  }
  return { activations, workspace }
}
