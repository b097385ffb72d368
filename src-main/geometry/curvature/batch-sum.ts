import type { TensorData } from '#tensor/dense'
import { add, Graph, inlineProgram, type Program } from '#tensor/program'
import {
  allocateTensor,
  type Executable,
  type ResidentTensor,
  type Runtime,
  type TensorInput,
} from '#tensor/runtime'

/** Adds one input per output, summed onto it: running totals over batches stay inside the graph. */
export function withTotals(program: Program): Program {
  const graph = new Graph()
  const inputs = program.inputs.map((variable) => graph.input(variable.type))
  const totals = program.outputs.map((variable) => graph.input(variable.type))
  const outputs = inlineProgram(program, graph, inputs)
  return graph.finish(
    program.name,
    [...inputs, ...totals],
    outputs.map((output, i) => add(totals[i]!, output)),
  )
}

/**
 * The sum of a program's outputs over batches, where the runtime computes: two sets of tensors take turns as
 * running total and as target, and only the sum comes back.
 */
export class BatchSum {
  readonly #executable: Executable
  #target: readonly ResidentTensor[]
  #total: readonly ResidentTensor[]

  private constructor(
    executable: Executable,
    target: readonly ResidentTensor[],
    total: readonly ResidentTensor[],
  ) {
    this.#executable = executable
    this.#target = target
    this.#total = total
  }

  /** Compiles for one batch, or for a sum over several. */
  static async create(program: Program, batchCount: number, runtime: Runtime): Promise<BatchSum> {
    const types = program.outputs.map(({ type }) => type)
    if (batchCount === 1) {
      return new BatchSum(await runtime.compile(program), [], [])
    }
    const executable = await runtime.compile(withTotals(program), { residentOutputs: types.length })
    const tensors = async (): Promise<ResidentTensor[]> => {
      const made: ResidentTensor[] = []
      for (const type of types) made.push(await runtime.upload(allocateTensor(type), type))
      return made
    }
    return new BatchSum(executable, await tensors(), await tensors())
  }

  /**
   * Runs over all batches.
   *
   * @param before - Inputs ahead of each batch's.
   * @param sums - Where the sums go; of a single batch they are written there at once. Of several batches they may be
   *   left where they are (null).
   * @returns `sums`, or buffers that hold until the next call.
   */
  async run(
    before: readonly TensorInput[],
    batches: readonly (readonly TensorInput[])[],
    sums: readonly TensorData[] | null,
  ): Promise<readonly TensorData[]> {
    if (this.#total.length === 0) {
      const inputs = [...before, ...batches[0]!]
      return sums === null ? this.#executable.run(inputs) : this.#executable.run(inputs, sums)
    }
    for (const tensor of this.#total) await tensor.clear()
    for (const batch of batches) {
      await this.#executable.run([...before, ...batch, ...this.#total], this.#target)
      ;[this.#target, this.#total] = [this.#total, this.#target]
    }
    // After the swap the tensors written last are the total.
    return Promise.all(this.#total.map((tensor, i) => tensor.read(sums?.[i])))
  }

  async release(): Promise<void> {
    for (const tensor of [...this.#target, ...this.#total]) tensor.release()
    await this.#executable.release()
  }
}
