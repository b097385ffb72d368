import { ShapeError } from '#base'
import { layoutViews, type Layout } from '#tensor/dense'
import type { ResidentTensor, Runtime } from '#tensor/runtime'

/**
 * A vector of named tensors: flat on the host, and tensor by tensor where the runtime computes. Where that is host
 * memory the tensors are views of the flat vector.
 */
export class ResidentVector {
  readonly layout: Layout
  /** Up to date after `read` only. */
  readonly flat: Float32Array
  readonly tensors: readonly ResidentTensor[]
  readonly #views: readonly Float32Array[]

  private constructor(
    layout: Layout,
    flat: Float32Array,
    views: readonly Float32Array[],
    tensors: readonly ResidentTensor[],
  ) {
    this.layout = layout
    this.flat = flat
    this.tensors = tensors
    this.#views = views
  }

  /**
   * Brings a flat vector to the runtime.
   *
   * @param flat - Taken over, not copied.
   * @throws ShapeError if `flat` has not the layout's size.
   */
  static async create(
    runtime: Runtime,
    layout: Layout,
    flat: Float32Array = new Float32Array(layout.size),
  ): Promise<ResidentVector> {
    const views = layoutViews(layout, flat)
    const tensors: ResidentTensor[] = []
    for (const [i, { shape }] of layout.entries.entries()) {
      tensors.push(await runtime.upload(views[i]!, { dtype: 'float32', shape }))
    }
    return new ResidentVector(layout, flat, views, tensors)
  }

  /** The flat vector, brought up to date; nothing moves where the tensors are its views. */
  async read(): Promise<Float32Array> {
    for (const [i, tensor] of this.tensors.entries()) await tensor.read(this.#views[i])
    return this.flat
  }

  /**
   * Replaces all entries.
   *
   * @param subject - Names the vector in the error.
   * @throws ShapeError if `values` has not the layout's size.
   */
  async write(values: Float32Array, subject: string): Promise<void> {
    this.check(values, subject)
    this.flat.set(values)
    for (const [i, tensor] of this.tensors.entries()) await tensor.write(this.#views[i]!)
  }

  /** @throws ShapeError if `values` has not the layout's size. */
  check(values: Float32Array, subject: string): void {
    if (values.length !== this.layout.size) {
      throw new ShapeError(subject, `[${this.layout.size}]`, [values.length])
    }
  }

  release(): void {
    for (const tensor of this.tensors) tensor.release()
  }
}
