import { totalmem } from 'node:os'
import type { Layout } from '#tensor/dense'
import { planProgram } from '#tensor/runtime'
import { batchTangents } from '#tensor/transforms'
import { withTotals } from './batch-sum.ts'
import { planProduct } from './linear-sum.ts'
import type { ProductOf } from './product-programs.ts'
import { selectTensors } from './select-tensors.ts'

/** Bytes that the products of an operator of curvature take, beside parameters, batches and the vectors they are given. */
export interface ProductMemory {
  /** Values inside the programs, and residuals kept from call to call. */
  readonly activations: number
  /** Blocks in the programs' own order, and totals over batches. */
  readonly workspace: number
}

/** Bytes that residuals may take if nobody says. */
export const defaultResidualMemory = (): number => totalmem() / 8

/**
 * Forecasts the memory of an operator in float32 that has been applied to a block of `rows` vectors and to a single one.
 *
 * Cost: as compiling the programs without loading them, milliseconds.
 *
 * @param options.batchCount - Batches the operator sums over.
 * @param options.residualMemory - As of the operator, like the others.
 * @throws InputError if a name in `tensors` fits none of the layout's.
 */
export function forecastProductMemory(options: {
  readonly product: ProductOf
  readonly layout: Layout
  readonly tensors?: readonly string[] | undefined
  readonly batchCount: number
  readonly rows: number
  readonly residualMemory?: number | undefined
}): ProductMemory {
  const { batchCount, rows } = options
  const { places, layout } = selectTensors(options.layout, options.tensors)
  const single = options.product(places)
  const first = single.inputs.length - places.length
  const tangents = places.map((_, i) => first + i)
  let residualMemory = options.residualMemory ?? defaultResidualMemory()
  let activations = 0
  let workspace = 0
  for (const count of new Set([rows, 1])) {
    const program = batchTangents(single, places.length, count)
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
