import type { TensorData } from '#tensor/dense'
import type { Program } from '#tensor/program'
import type { Executable, Runtime, TensorInput } from '#tensor/runtime'
import type { ProductPlan } from './linear-sum.ts'
import { Residuals } from './residuals.ts'

/** A program that is linear in its last inputs, on each batch by itself. */
export class BatchMap {
  readonly #executable: Executable
  readonly #residuals: Residuals

  private constructor(executable: Executable, residuals: Residuals) {
    this.#executable = executable
    this.#residuals = residuals
  }

  /** Compiles what every call evaluates. */
  static async create(
    program: Program,
    { linearized }: ProductPlan,
    runtime: Runtime,
  ): Promise<BatchMap> {
    const executable = await runtime.compile(linearized?.tangent ?? program)
    return new BatchMap(executable, new Residuals(linearized?.primal ?? null, runtime))
  }

  /**
   * Runs on one of the batches; the first call also evaluates the residuals of all, so `before` and `batches` must be the same
   * in all calls.
   */
  async run(
    before: readonly TensorInput[],
    batches: readonly (readonly TensorInput[])[],
    batch: number,
    varying: readonly TensorInput[],
    output: TensorData,
  ): Promise<void> {
    const residuals = await this.#residuals.of(before, batches)
    const inputs = [...before, ...batches[batch]!, ...residuals[batch]!, ...varying]
    await this.#executable.run(inputs, [output])
  }

  async release(): Promise<void> {
    this.#residuals.release()
    await this.#executable.release()
  }
}
