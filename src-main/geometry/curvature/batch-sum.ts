import type { TensorData } from '#tensor/dense'
import { add, Graph, inlineProgram, type Program } from '#tensor/program'
import { allocateTensor, type Executable, type Runtime } from '#tensor/runtime'

/** Adds one input per output, summed onto it: running totals over batches stay inside the graph. */
function withTotals(program: Program): Program {
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
 * The sum of a program's outputs over batches, in native memory: two sets of result buffers take turns as
 * running total and as target.
 */
export class BatchSum {
  readonly #executable: Executable
  readonly #isSummed: boolean
  #target: readonly TensorData[]
  #total: readonly TensorData[]

  private constructor(executable: Executable, program: Program, isSummed: boolean) {
    const buffers = (): TensorData[] => program.outputs.map(({ type }) => allocateTensor(type))
    this.#executable = executable
    this.#isSummed = isSummed
    this.#target = buffers()
    this.#total = isSummed ? buffers() : []
  }

  /** Compiles for one batch, or for a sum over several. */
  static async create(program: Program, batchCount: number, runtime: Runtime): Promise<BatchSum> {
    const isSummed = batchCount > 1
    const executable = await runtime.compile(isSummed ? withTotals(program) : program)
    return new BatchSum(executable, program, isSummed)
  }

  /**
   * Runs over all batches.
   *
   * @param before - Inputs ahead of each batch's.
   * @param after - Inputs behind them.
   * @returns Buffers with the sums; they hold until the next call.
   */
  async run(
    before: readonly TensorData[],
    batches: readonly (readonly TensorData[])[],
    after: readonly TensorData[] = [],
  ): Promise<readonly TensorData[]> {
    for (const buffer of this.#total) buffer.fill(0)
    for (const batch of batches) {
      await this.#executable.run([...before, ...batch, ...after, ...this.#total], this.#target)
      if (this.#isSummed) [this.#target, this.#total] = [this.#total, this.#target]
    }
    // After the swap the buffers written last are the total.
    return this.#isSummed ? this.#total : this.#target
  }

  release(): Promise<void> {
    return this.#executable.release()
  }
}
