import type { TensorData } from '#tensor/dense'
import { countOperations, type Program } from '#tensor/program'
import {
  allocateTensor,
  bytesOf,
  type ResidentTensor,
  type Runtime,
  type TensorInput,
} from '#tensor/runtime'
import { linearize, type Linearized } from '#tensor/transforms'
import { BatchSum } from './batch-sum.ts'

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
  readonly #runtime: Runtime
  readonly #primal: Program | null
  #residuals: ResidentTensor[][] | null = null

  private constructor(sum: BatchSum, runtime: Runtime, primal: Program | null) {
    this.#sum = sum
    this.#runtime = runtime
    this.#primal = primal
  }

  /** Compiles what every call evaluates. */
  static async create(
    program: Program,
    plan: ProductPlan,
    batchCount: number,
    runtime: Runtime,
  ): Promise<LinearSum> {
    const perCall = plan.linearized?.tangent ?? program
    const sum = await BatchSum.create(perCall, batchCount, runtime)
    return new LinearSum(sum, runtime, plan.linearized?.primal ?? null)
  }

  /**
   * Runs over all batches, as {@link BatchSum.run}; the first call also evaluates the residuals, so `before` and `batches`
   * must be the same in all calls.
   */
  async run(
    before: readonly TensorInput[],
    batches: readonly (readonly TensorInput[])[],
    varying: readonly TensorInput[],
    sums: readonly TensorData[] | null,
  ): Promise<readonly TensorData[]> {
    this.#residuals ??= await this.#evaluateResiduals(before, batches)
    const residuals = this.#residuals
    const extended = batches.map((batch, i) => [...batch, ...residuals[i]!])
    return this.#sum.run(before, extended, varying, sums)
  }

  async release(): Promise<void> {
    for (const tensor of this.#residuals?.flat() ?? []) tensor.release()
    await this.#sum.release()
  }

  async #evaluateResiduals(
    before: readonly TensorInput[],
    batches: readonly (readonly TensorInput[])[],
  ): Promise<ResidentTensor[][]> {
    const types = this.#primal?.outputs.map(({ type }) => type) ?? []
    if (this.#primal === null || types.length === 0) return batches.map(() => [])
    const executable = await this.#runtime.compile(this.#primal, { residentOutputs: types.length })
    try {
      const all: ResidentTensor[][] = []
      for (const batch of batches) {
        const tensors: ResidentTensor[] = []
        for (const type of types) {
          tensors.push(await this.#runtime.upload(allocateTensor(type), type))
        }
        await executable.run([...before, ...batch], tensors)
        all.push(tensors)
      }
      return all
    } finally {
      await executable.release()
    }
  }
}
