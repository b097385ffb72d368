import type { Layout } from '#tensor/dense'
import type { Program } from '#tensor/program'
import type { Executable, ResidentTensor, Runtime } from '#tensor/runtime'
import { ResidentVector } from './resident-vector.ts'
import type { StepObservation } from './stepper.ts'

/** A cosine; rounding may take it a little too far. */
const clamp = (cosine: number): number => Math.min(1, Math.max(-1, cosine))

/**
 * What observed steps need beside the others: a program of their own, the start θ₀, and the gradients of two steps,
 * all made when the first step is observed.
 */
export class TrainerObserver {
  readonly executable: Executable
  /** [‖Δθ‖², ‖θ − θ₀‖², ⟨gₜ, gₜ₋₁⟩, ‖gₜ₋₁‖²], the last outputs of the program. */
  readonly outputs: readonly Float32Array[]
  readonly #start: ResidentVector
  #gradient: ResidentVector
  #next: ResidentVector
  #isPreviousKnown = false

  private constructor(
    executable: Executable,
    start: ResidentVector,
    gradient: ResidentVector,
    next: ResidentVector,
  ) {
    this.executable = executable
    this.outputs = Array.from({ length: 4 }, () => new Float32Array(1))
    this.#start = start
    this.#gradient = gradient
    this.#next = next
  }

  /** Compiles the observed step. */
  static async create(
    runtime: Runtime,
    program: Program,
    residentOutputs: number,
    updated: Layout,
    start: Float32Array,
  ): Promise<TrainerObserver> {
    return new TrainerObserver(
      await runtime.compile(program, { residentOutputs }),
      await ResidentVector.create(runtime, updated, start),
      await ResidentVector.create(runtime, updated),
      await ResidentVector.create(runtime, updated),
    )
  }

  /** What the program reads last. */
  get inputs(): readonly ResidentTensor[] {
    return [...this.#start.tensors, ...this.#gradient.tensors]
  }

  /** Where the program writes the gradient. */
  get written(): readonly ResidentTensor[] {
    return this.#next.tensors
  }

  /** Takes note that the observed step counts. */
  accept(gradientNorm: number): StepObservation {
    const [update, distance, product, previous] = this.outputs.map((output) => output[0]!)
    const norms = gradientNorm * Math.sqrt(previous!)
    const observation = {
      updateNorm: Math.sqrt(update!),
      // A gradient of zero has no direction.
      gradientCosine: this.#isPreviousKnown && norms > 0 ? clamp(product! / norms) : null,
      distance: Math.sqrt(distance!),
    }
    const held = this.#gradient
    this.#gradient = this.#next
    this.#next = held
    this.#isPreviousKnown = true
    return observation
  }

  /** Takes note that a step was not observed. */
  forget(): void {
    this.#isPreviousKnown = false
  }

  /** The gradient of the last step, if it was observed. */
  async previousGradient(): Promise<Float32Array | null> {
    return this.#isPreviousKnown ? this.#gradient.read() : null
  }

  /** Goes on from a saved gradient. */
  async restore(gradient: Float32Array | null): Promise<void> {
    if (gradient !== null) await this.#gradient.write(gradient, 'saved previous gradient')
    this.#isPreviousKnown = gradient !== null
  }

  async release(): Promise<void> {
    for (const vector of [this.#start, this.#gradient, this.#next]) vector.release()
    await this.executable.release()
  }
}
