import { NonFiniteError, ShapeError } from '#base'
import type { GradientTransform } from '#learn/optimizers'
import { createLayout, type Layout } from '#tensor/dense'
import type { Program } from '#tensor/program'
import {
  onnxRuntime,
  type Executable,
  type ResidentTensor,
  type Runtime,
  type TensorInput,
} from '#tensor/runtime'
import { stepProgram, updatedTypes, type UpdateForm } from './step-program.ts'
import { TrainerState } from './trainer-state.ts'

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

/**
 * Takes optimizer steps by one compiled program.
 *
 * Parameters and state stay where the runtime computes, double-buffered; a step brings the scalars back and
 * nothing else. Where that is host memory they are views of flat vectors, read and written in place.
 * Deterministic on the processor: equal starts and batches give bit-equal parameters on one runtime build with
 * one number of threads.
 */
export class Trainer {
  readonly #executable: Executable
  readonly #outputs: Float32Array[]
  readonly #learningRate = new Float32Array(1)
  readonly #parameterCount: number
  #current: TrainerState
  #next: TrainerState

  private constructor(
    executable: Executable,
    current: TrainerState,
    next: TrainerState,
    parameterCount: number,
    scalarCount: number,
  ) {
    this.#executable = executable
    this.#current = current
    this.#next = next
    this.#parameterCount = parameterCount
    this.#outputs = Array.from({ length: scalarCount }, () => new Float32Array(1))
  }

  /** Compiles the step. */
  static async create(options: TrainerOptions): Promise<Trainer> {
    const { loss, layout, optimizer, initialParameters, runtime = onnxRuntime() } = options
    const parameterCount = layout.entries.length
    const types = loss.inputs.slice(0, parameterCount).map((variable) => variable.type)
    // The vector and the tensors that are views of it are one only where the runtime computes in host memory.
    const canBeFlat = optimizer.isElementwise && runtime.sharesHostMemory
    const form: UpdateForm = canBeFlat ? 'flat' : 'tensors'
    const tensors = optimizer.init(updatedTypes(types, form))
    const layouts = { parameters: layout, state: createLayout(tensors) }
    const initialState = new Float32Array(layouts.state.size)
    layouts.state.entries.forEach(({ offset, size }, i) => {
      initialState.fill(tensors[i]!.initial, offset, offset + size)
    })
    const program = stepProgram(loss, parameterCount, optimizer, form)
    const executable = await runtime.compile(program, {
      residentOutputs: (form === 'flat' ? 1 : parameterCount) + tensors.length,
    })
    return new Trainer(
      executable,
      await TrainerState.create(runtime, layouts, form, initialParameters.slice(), initialState),
      await TrainerState.create(
        runtime,
        layouts,
        form,
        new Float32Array(layout.size),
        new Float32Array(layouts.state.size),
      ),
      parameterCount,
      loss.outputs.length + 1,
    )
  }

  /** The parameters as they are now, tensor by tensor where the runtime computes; the next step leaves them behind. */
  get parameterTensors(): readonly ResidentTensor[] {
    return this.#current.tensors.slice(0, this.#parameterCount)
  }

  /**
   * Parameters `[n]` and optimizer state, flat, as they are now.
   *
   * @returns Buffers that the next steps write into.
   */
  async read(): Promise<{ readonly parameters: Float32Array; readonly state: Float32Array }> {
    await this.#current.readAll()
    const { parameters, state } = this.#current
    return { parameters, state }
  }

  /**
   * Continues from saved vectors.
   *
   * @throws ShapeError if either has the wrong size.
   */
  async restore(parameters: Float32Array, state: Float32Array): Promise<void> {
    const held = this.#current
    if (parameters.length !== held.parameters.length) {
      throw new ShapeError('saved parameters', `[${held.parameters.length}]`, [parameters.length])
    }
    if (state.length !== held.state.length) {
      throw new ShapeError('saved optimizer state', `[${held.state.length}]`, [state.length])
    }
    held.parameters.set(parameters)
    held.state.set(state)
    await held.writeAll()
  }

  /**
   * Takes one step.
   *
   * @param batch - The inputs of the loss after the parameters.
   * @throws NonFiniteError if loss or gradient is not finite; the parameters stay as they were.
   */
  async step(batch: readonly TensorInput[], learningRate: number): Promise<StepResult> {
    this.#learningRate[0] = learningRate
    await this.#executable.run(
      [...this.#current.tensors, ...batch, this.#learningRate],
      [...this.#next.written, ...this.#outputs],
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

  async release(): Promise<void> {
    this.#current.release()
    this.#next.release()
    await this.#executable.release()
  }
}
