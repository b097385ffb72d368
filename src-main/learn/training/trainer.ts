import { NonFiniteError, ShapeError } from '#base'
import type { GradientTransform } from '#learn/optimizers'
import { createLayout, layoutViews, type Layout, type TensorData } from '#tensor/dense'
import type { Program } from '#tensor/program'
import { onnxRuntime, type Executable, type Runtime } from '#tensor/runtime'
import { stepProgram } from './step-program.ts'

/** What a step reports. */
export interface StepResult {
  /** Loss of the batch before the step. */
  readonly loss: number
  /** ‖∇L‖ of the batch. */
  readonly gradientNorm: number
}

/** What a {@link Trainer} is made of. */
export interface TrainerOptions {
  /** Loss program; its first inputs are the parameters of `layout`. */
  readonly loss: Program
  readonly layout: Layout
  readonly optimizer: GradientTransform
  /** `[n]`; copied. */
  readonly initialParameters: Float32Array
  readonly runtime?: Runtime | undefined
}

interface Buffers {
  readonly parameters: Float32Array
  readonly state: Float32Array
  readonly views: readonly Float32Array[]
}

/**
 * Takes optimizer steps by one compiled program.
 *
 * Parameters and state live in flat vectors, double-buffered, and are read and written in place as
 * views. Deterministic: equal starts and batches give bit-equal parameters on one runtime build with one
 * number of threads.
 */
export class Trainer {
  readonly #executable: Executable
  readonly #outputs: Float32Array[]
  readonly #learningRate = new Float32Array(1)
  readonly #stateLayout: Layout
  #current: Buffers
  #next: Buffers

  private constructor(
    executable: Executable,
    current: Buffers,
    next: Buffers,
    scalarCount: number,
    stateLayout: Layout,
  ) {
    this.#executable = executable
    this.#current = current
    this.#next = next
    this.#outputs = Array.from({ length: scalarCount }, () => new Float32Array(1))
    this.#stateLayout = stateLayout
  }

  /** Compiles the step. */
  static async create(options: TrainerOptions): Promise<Trainer> {
    const { loss, layout, optimizer, initialParameters } = options
    const types = loss.inputs.slice(0, layout.entries.length).map((variable) => variable.type)
    const tensors = optimizer.init(types)
    const stateLayout = createLayout(tensors)
    const buffers = (): Buffers => {
      const parameters = new Float32Array(layout.size)
      const state = new Float32Array(stateLayout.size)
      return {
        parameters,
        state,
        views: [...layoutViews(layout, parameters), ...layoutViews(stateLayout, state)],
      }
    }
    const current = buffers()
    current.parameters.set(initialParameters)
    stateLayout.entries.forEach(({ offset, size }, i) => {
      current.state.fill(tensors[i]!.initial, offset, offset + size)
    })
    const program = stepProgram(loss, layout.entries.length, optimizer)
    const executable = await (options.runtime ?? onnxRuntime()).compile(program)
    return new Trainer(executable, current, buffers(), loss.outputs.length + 1, stateLayout)
  }

  /** The parameters as they are now, `[n]`; a live view that the next step leaves behind. */
  get parameters(): Float32Array {
    return this.#current.parameters
  }

  /** The optimizer's state as it is now, flat; a live view. */
  get state(): Float32Array {
    return this.#current.state
  }

  /**
   * Continues from saved vectors.
   *
   * @throws ShapeError if either has the wrong size.
   */
  restore(parameters: Float32Array, state: Float32Array): void {
    if (parameters.length !== this.#current.parameters.length) {
      throw new ShapeError('saved parameters', `[${this.#current.parameters.length}]`, [
        parameters.length,
      ])
    }
    if (state.length !== this.#stateLayout.size) {
      throw new ShapeError('saved optimizer state', `[${this.#stateLayout.size}]`, [state.length])
    }
    this.#current.parameters.set(parameters)
    this.#current.state.set(state)
  }

  /**
   * Takes one step.
   *
   * @param batch - The inputs of the loss after the parameters.
   * @throws NonFiniteError if loss or gradient is not finite; the parameters stay as they were.
   */
  async step(batch: readonly TensorData[], learningRate: number): Promise<StepResult> {
    this.#learningRate[0] = learningRate
    await this.#executable.run(
      [...this.#current.views, ...batch, this.#learningRate],
      [...this.#next.views, ...this.#outputs],
    )
    const loss = this.#outputs[0]![0]!
    const gradientNorm = Math.sqrt(this.#outputs.at(-1)![0]!)
    if (!Number.isFinite(loss)) throw new NonFiniteError('the training loss')
    if (!Number.isFinite(gradientNorm)) throw new NonFiniteError('the gradient')
    const held = this.#current
    this.#current = this.#next
    this.#next = held
    return { loss, gradientNorm }
  }

  release(): Promise<void> {
    return this.#executable.release()
  }
}
