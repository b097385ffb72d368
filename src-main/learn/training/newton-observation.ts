import type { BlockAlgebra } from '#tensor/runtime'
import type { StepObservation } from './stepper.ts'

/** Measures steps, and keeps the gradient of the last one if it was observed. */
export class MovementObserver {
  readonly #algebra: BlockAlgebra
  readonly #origin: Float32Array
  readonly #room: Float32Array
  #previous: Float32Array | null = null

  /** @param origin - θ₀; copied. */
  constructor(algebra: BlockAlgebra, origin: Float32Array) {
    this.#algebra = algebra
    this.#origin = origin.slice()
    this.#room = new Float32Array(origin.length)
  }

  /** The gradient of the last step, if it was observed. */
  get previousGradient(): Float32Array | null {
    return this.#previous
  }

  /** Goes on after a step whose gradient was that, or after one that was not observed. */
  restore(previousGradient: Float32Array | null): void {
    this.#previous = previousGradient?.slice() ?? null
  }

  /** A step that is not observed. */
  skip(): void {
    this.#previous = null
  }

  /** Measures the step from one point to another. */
  async observe(
    from: Float32Array,
    to: Float32Array,
    gradient: Float32Array,
  ): Promise<StepObservation> {
    const gradientCosine = this.#previous === null ? null : await this.#cosine(gradient)
    this.#previous ??= new Float32Array(gradient.length)
    this.#previous.set(gradient)
    return {
      updateNorm: await this.#distance(to, from),
      gradientCosine,
      distance: await this.#distance(to, this.#origin),
    }
  }

  async #cosine(gradient: Float32Array): Promise<number | null> {
    const previous = this.#previous!
    const norms = (await this.#dot(gradient, gradient)) * (await this.#dot(previous, previous))
    return norms === 0 ? null : (await this.#dot(gradient, previous)) / Math.sqrt(norms)
  }

  async #distance(a: Float32Array, b: Float32Array): Promise<number> {
    this.#room.set(a)
    await this.#algebra.combine(this.#room, 1, Float64Array.of(-1), b, 1, true)
    return Math.sqrt(await this.#dot(this.#room, this.#room))
  }

  async #dot(a: Float32Array, b: Float32Array): Promise<number> {
    return (await this.#algebra.innerProducts(a, 1, b, 1))[0]!
  }
}
