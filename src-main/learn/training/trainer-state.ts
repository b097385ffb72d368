import { createLayout, layoutViews, type Layout } from '#tensor/dense'
import type { ResidentTensor, Runtime } from '#tensor/runtime'
import type { UpdateForm } from './step-program.ts'

/** Parameters and optimizer state: on the host one flat vector each, and where the runtime computes tensor by tensor. */
export class TrainerState {
  readonly parameters: Float32Array
  readonly state: Float32Array
  readonly views: readonly Float32Array[]
  /** Parameters, in flat form also as a vector, and state: what a step reads. */
  readonly tensors: readonly ResidentTensor[]
  /** What a step writes: in flat form parameters as a vector only. */
  readonly written: readonly ResidentTensor[]

  private constructor(
    parameters: Float32Array,
    state: Float32Array,
    views: readonly Float32Array[],
    tensors: readonly ResidentTensor[],
    written: readonly ResidentTensor[],
  ) {
    this.parameters = parameters
    this.state = state
    this.views = views
    this.tensors = tensors
    this.written = written
  }

  /** Brings two flat vectors to the runtime. */
  static async create(
    runtime: Runtime,
    layouts: { readonly parameters: Layout; readonly state: Layout },
    form: UpdateForm,
    parameters: Float32Array,
    state: Float32Array,
  ): Promise<TrainerState> {
    const whole = createLayout([{ name: 'parameters', shape: [layouts.parameters.size] }])
    const parts: readonly (readonly [Layout, Float32Array])[] = [
      [layouts.parameters, parameters],
      ...(form === 'flat' ? [[whole, parameters] as const] : []),
      [layouts.state, state],
    ]
    const views: Float32Array[] = []
    const tensors: ResidentTensor[] = []
    for (const [layout, vector] of parts) {
      for (const [i, view] of layoutViews(layout, vector).entries()) {
        views.push(view)
        const { shape } = layout.entries[i]!
        tensors.push(await runtime.upload(view, { dtype: 'float32', shape }))
      }
    }
    const written = form === 'flat' ? tensors.slice(layouts.parameters.entries.length) : tensors
    return new TrainerState(parameters, state, views, tensors, written)
  }

  /** Brings the flat vectors up to date; nothing moves where the tensors are their views. */
  async readAll(): Promise<void> {
    for (const [i, tensor] of this.tensors.entries()) await tensor.read(this.views[i])
  }

  /** Brings the tensors up to date with the flat vectors. */
  async writeAll(): Promise<void> {
    for (const [i, tensor] of this.tensors.entries()) await tensor.write(this.views[i]!)
  }

  release(): void {
    for (const tensor of this.tensors) tensor.release()
  }
}
