import type { TensorData } from '#tensor/dense'
import { countOperations, type Program } from '#tensor/program'
import { bytesOf, type Runtime, type TensorInput } from '#tensor/runtime'
import { linearize, type Linearized } from '#tensor/transforms'
import { BatchSum } from './batch-sum.ts'
import { Residuals } from './residuals.ts'

/** Share of the work that must be saved to be worth the memory of the residuals. */
const leastSaving = 0.05

/** How a product that is linear in its last inputs is evaluated. */
export interface ProductPlan {
  /** Null: everything is computed anew in every call. */
  readonly linearized: Linearized | null
  /** Memory of the residuals of all batches, in bytes. */
  readonly residualBytes: number
}

/**
 * Chooses between residuals kept from call to call and recomputation.
 *
 * Residuals are kept if they fit and if what they save is 5 % of the operations or more: most for single vectors
 * (about 40 %), little in wide blocks.
 *
 * @param varying - Indices of the inputs the program is linear in.
 * @param memory - Bytes that residuals may take.
 */
export function planProduct(
  program: Program,
  varying: readonly number[],
  batchCount: number,
  memory: number,
): ProductPlan {
  const linearized = linearize(program, varying)
  const { primal, tangent } = linearized
  const size = primal.outputs.reduce((bytes, { type }) => bytes + bytesOf(type), 0) * batchCount
  const saved = countOperations(primal)
  const isWorthwhile = saved >= leastSaving * (saved + countOperations(tangent))
  return isWorthwhile && size <= memory
    ? { linearized, residualBytes: size }
    : { linearized: null, residualBytes: 0 }
}

/** The sum over batches of a program that is linear in its last inputs. */
export class LinearSum {
  readonly #sum: BatchSum
  readonly #residuals: Residuals

  private constructor(sum: BatchSum, residuals: Residuals) {
    this.#sum = sum
    this.#residuals = residuals
  }

  /** Compiles what every call evaluates. */
  static async create(
    program: Program,
    { linearized }: ProductPlan,
    batchCount: number,
    runtime: Runtime,
  ): Promise<LinearSum> {
    const sum = await BatchSum.create(linearized?.tangent ?? program, batchCount, runtime)
    return new LinearSum(sum, new Residuals(linearized?.primal ?? null, runtime))
  }

  /**
   * Runs over all batches, as {@link BatchSum.run}; the first call also evaluates the residuals, so `before` and `batches`
   * must be the same in all calls.
   *
   * @param varying - The inputs the program is linear in, of each batch.
   */
  async run(
    before: readonly TensorInput[],
    batches: readonly (readonly TensorInput[])[],
    varying: (batch: number) => readonly TensorInput[],
    sums: readonly TensorData[] | null,
  ): Promise<readonly TensorData[]> {
    const residuals = await this.#residuals.of(before, batches)
    const extended = batches.map((batch, i) => [...batch, ...residuals[i]!, ...varying(i)])
    return this.#sum.run(before, extended, sums)
  }

  async release(): Promise<void> {
    this.#residuals.release()
    await this.#sum.release()
  }
}
