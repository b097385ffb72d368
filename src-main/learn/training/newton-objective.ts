import { layoutViews, type Layout } from '#tensor/dense'
import {
  abs,
  add,
  Graph,
  inlineProgram,
  reduceSum,
  simplifyProgram,
  type Program,
} from '#tensor/program'
import type { Executable, ResidentTensor, Runtime, TensorInput } from '#tensor/runtime'
import { valueAndGradient } from '#tensor/transforms'

/** Where the parts of a loss program are. */
export interface ObjectiveLoss {
  /** Inputs: parameters, running statistics, the batch; outputs: the loss, other scalars, new running statistics. */
  readonly program: Program
  readonly layout: Layout
  readonly buffers: Layout
}

/**
 * The loss with its gradient, and the gradient's sum of absolute entries.
 *
 * @returns A program with the inputs of the loss and outputs (gradients tensor by tensor, new running statistics,
 *   L `[]`, ‖∇L‖₁ `[]`).
 */
function objectiveProgram({ program, layout, buffers }: ObjectiveLoss): Program {
  const wrt = layout.entries.map((_, i) => i)
  const graph = new Graph()
  const inputs = program.inputs.map(({ type }) => graph.input(type))
  const results = inlineProgram(valueAndGradient(program, wrt), graph, inputs)
  const gradients = results.slice(program.outputs.length)
  const statistics = results.slice(
    program.outputs.length - buffers.entries.length,
    program.outputs.length,
  )
  const total = gradients.map((gradient) => reduceSum(abs(gradient))).reduce((a, b) => add(a, b))
  return simplifyProgram(
    graph.finish(`objective(${program.name})`, inputs, [
      ...gradients,
      ...statistics,
      results[0]!,
      total,
    ]),
  )
}

/** What an evaluation gives besides the gradient. */
export interface ObjectiveValue {
  readonly loss: number
  /** ‖∇L‖₁ */
  readonly absoluteSum: number
}

/** Evaluates a loss and its gradient at parameters of the caller, into vectors of the host. */
export class Objective {
  /** ∇L, flat, where the last evaluation was. */
  readonly gradient: Float32Array
  /** Running statistics after the last evaluation, flat. */
  readonly statistics: Float32Array
  readonly #executable: Executable
  readonly #outputs: readonly Float32Array[]

  private constructor(executable: Executable, loss: ObjectiveLoss) {
    this.#executable = executable
    this.gradient = new Float32Array(loss.layout.size)
    this.statistics = new Float32Array(loss.buffers.size)
    this.#outputs = [
      ...layoutViews(loss.layout, this.gradient),
      ...layoutViews(loss.buffers, this.statistics),
      new Float32Array(1),
      new Float32Array(1),
    ]
  }

  /** Compiles the program. */
  static async create(loss: ObjectiveLoss, runtime: Runtime): Promise<Objective> {
    return new Objective(await runtime.compile(objectiveProgram(loss)), loss)
  }

  /** Evaluates; the numbers may be not finite. */
  async evaluate(
    tensors: readonly ResidentTensor[],
    batch: readonly TensorInput[],
  ): Promise<ObjectiveValue> {
    await this.#executable.run([...tensors, ...batch], this.#outputs)
    return this.value
  }

  /** What the last evaluation gave. */
  get value(): ObjectiveValue {
    return { loss: this.#outputs.at(-2)![0]!, absoluteSum: this.#outputs.at(-1)![0]! }
  }

  release(): Promise<void> {
    return this.#executable.release()
  }
}
