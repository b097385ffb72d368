import type { Program } from '#tensor/program'
import {
  allocateTensor,
  type ResidentTensor,
  type Runtime,
  type TensorInput,
} from '#tensor/runtime'

/** What a linear map reads of the inputs that stay, computed once for each batch. */
export class Residuals {
  readonly #primal: Program | null
  readonly #runtime: Runtime
  #kept: readonly (readonly ResidentTensor[])[] | null = null

  /** @param primal - Null, or without outputs: there are none. */
  constructor(primal: Program | null, runtime: Runtime) {
    this.#primal = primal
    this.#runtime = runtime
  }

  /** The residuals of each batch; the first call evaluates them, so the inputs must be the same in all calls. */
  async of(
    before: readonly TensorInput[],
    batches: readonly (readonly TensorInput[])[],
  ): Promise<readonly (readonly ResidentTensor[])[]> {
    this.#kept ??= await this.#evaluate(before, batches)
    return this.#kept
  }

  release(): void {
    for (const tensor of this.#kept?.flat() ?? []) tensor.release()
  }

  async #evaluate(
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
