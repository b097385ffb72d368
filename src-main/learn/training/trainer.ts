import { NonFiniteError } from '#base'
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
import type { SavedVectors, StepContext, Stepper, StepResult, TrainerVectors } from './stepper.ts'
import { TrainerObserver } from './trainer-observer.ts'
import {
  initialBuffers,
  initialState,
  TrainerState,
  updatedLayout,
  type TrainerLayouts,
} from './trainer-state.ts'

/** What a {@link Trainer} is made of. */
export interface TrainerOptions {
  /** Loss program; its first inputs are the parameters of `layout`, then the statistics of `buffers`. */
  readonly loss: Program
  readonly layout: Layout
  /** Running statistics, whose new values are the last outputs of the loss. @default none */
  readonly buffers?: Layout | undefined
  readonly optimizer: GradientTransform
  /** `[n]`, also the θ₀ that distances are measured from; copied. */
  readonly initialParameters: Float32Array
  /** Flat; copied. @default zeros */
  readonly initialBuffers?: Float32Array | undefined
  readonly runtime?: Runtime | undefined
}

/**
 * Takes optimizer steps by one compiled program.
 *
 * Parameters, state and running statistics stay where the runtime computes, double-buffered; a step brings the scalars
 * back and nothing else. Where that is host memory they are views of flat vectors, read and written in place.
 * Deterministic on the processor: equal starts and batches give bit-equal parameters on one runtime build with
 * one number of threads, whichever steps are observed.
 */
export class Trainer implements Stepper {
  readonly #executable: Executable
  readonly #outputs: readonly Float32Array[]
  readonly #learningRate = new Float32Array(1)
  readonly #createObserver: () => Promise<TrainerObserver>
  #observer: TrainerObserver | null = null
  #current: TrainerState
  #next: TrainerState

  private constructor(
    executable: Executable,
    current: TrainerState,
    next: TrainerState,
    scalarCount: number,
    createObserver: () => Promise<TrainerObserver>,
  ) {
    this.#executable = executable
    this.#current = current
    this.#next = next
    this.#outputs = Array.from({ length: scalarCount }, () => new Float32Array(1))
    this.#createObserver = createObserver
  }

  /** Compiles the step. */
  static async create(options: TrainerOptions): Promise<Trainer> {
    const { loss, layout, buffers = createLayout([]), optimizer, runtime = onnxRuntime() } = options
    const parameterCount = layout.entries.length
    const bufferCount = buffers.entries.length
    const types = loss.inputs.slice(0, parameterCount).map((variable) => variable.type)
    // The vector and the tensors that are views of it are one only where the runtime computes in host memory.
    const canBeFlat = optimizer.ignoresTensorBounds && runtime.sharesHostMemory
    const form: UpdateForm = canBeFlat ? 'flat' : 'tensors'
    const state = optimizer.init(updatedTypes(types, form))
    const layouts: TrainerLayouts = { parameters: layout, buffers, state, form }
    const updated = updatedLayout(layouts)
    const compiled = { form, bufferCount }
    const residentOutputs = updated.entries.length + state.length + bufferCount
    const executable = await runtime.compile(
      stepProgram(loss, parameterCount, optimizer, compiled),
      { residentOutputs },
    )
    const start = options.initialParameters.slice()
    const current = await TrainerState.create(runtime, layouts, {
      parameters: start.slice(),
      state: initialState(state, updated, start),
      buffers: initialBuffers(buffers, options.initialBuffers),
    })
    const next = await TrainerState.create(runtime, layouts)
    const observe = (): Promise<TrainerObserver> =>
      TrainerObserver.create(
        runtime,
        stepProgram(loss, parameterCount, optimizer, { ...compiled, isObserved: true }),
        residentOutputs + updated.entries.length,
        updated,
        start,
      )
    return new Trainer(executable, current, next, loss.outputs.length - bufferCount + 1, observe)
  }

  get parameterTensors(): readonly ResidentTensor[] {
    return this.#current.parameters.tensors
  }

  get bufferTensors(): readonly ResidentTensor[] {
    return this.#current.buffers.tensors
  }

  get evaluatedTensors(): readonly ResidentTensor[] {
    return this.#current.evaluatedTensors
  }

  async read(): Promise<TrainerVectors> {
    await this.#current.readAll()
    const { parameters, buffers, state, evaluated } = this.#current
    return {
      parameters: parameters.flat,
      buffers: buffers.flat,
      state: state.flat,
      evaluated,
      previousGradient: (await this.#observer?.previousGradient()) ?? null,
    }
  }

  async restore(vectors: SavedVectors): Promise<void> {
    const { parameters, buffers, state } = this.#current
    const { previousGradient } = vectors
    // All are looked at before one is changed.
    parameters.check(vectors.parameters, 'saved parameters')
    buffers.check(vectors.buffers, 'saved running statistics')
    state.check(vectors.state, 'saved optimizer state')
    if (previousGradient !== null) parameters.check(previousGradient, 'saved previous gradient')
    await this.#current.write(vectors)
    if (previousGradient !== null) this.#observer ??= await this.#createObserver()
    await this.#observer?.restore(previousGradient)
  }

  async step(
    batch: readonly TensorInput[],
    { learningRate, isObserved }: StepContext,
  ): Promise<StepResult> {
    this.#learningRate[0] = learningRate
    if (isObserved) this.#observer ??= await this.#createObserver()
    const observer = isObserved ? this.#observer : null
    const inputs = [...this.#current.read, ...batch, this.#learningRate]
    if (observer === null) {
      await this.#executable.run(inputs, [...this.#next.written, ...this.#outputs])
    } else {
      await observer.executable.run(
        [...inputs, ...observer.inputs],
        [...this.#next.written, ...observer.written, ...this.#outputs, ...observer.outputs],
      )
    }
    const loss = this.#outputs[0]![0]!
    const gradientNorm = Math.sqrt(this.#outputs.at(-1)![0]!)
    if (!Number.isFinite(loss)) throw new NonFiniteError('the training loss')
    if (!Number.isFinite(gradientNorm)) throw new NonFiniteError('the gradient')
    const held = this.#current
    this.#current = this.#next
    this.#next = held
    if (observer === null) this.#observer?.forget()
    return { loss, gradientNorm, observation: observer?.accept(gradientNorm) ?? null }
  }

  async release(): Promise<void> {
    this.#current.release()
    this.#next.release()
    await this.#executable.release()
    await this.#observer?.release()
  }
}
