import { layoutViews, type Layout } from '#tensor/dense'
import type { ResidentTensor, Runtime } from '#tensor/runtime'

/** Parameters and optimizer state: on the host one flat vector each, and where the runtime computes tensor by tensor. */
export class TrainerState {
  readonly parameters: Float32Array
  readonly state: Float32Array
  readonly views: readonly Float32Array[]
  readonly tensors: readonly ResidentTensor[]

  private constructor(
    parameters: Float32Array,
    state: Float32Array,
    views: readonly Float32Array[],
    tensors: readonly ResidentTensor[],
  ) {
    this.parameters = parameters
    this.state = state
    this.views = views
    this.tensors = tensors
  }

  /** Brings two flat vectors to the runtime. */
  static async create(
    runtime: Runtime,
    layouts: { readonly parameters: Layout; readonly state: Layout },
    parameters: Float32Array,
    state: Float32Array,
  ): Promise<TrainerState> {
    const views = [
      ...layoutViews(layouts.parameters, parameters),
      ...layoutViews(layouts.state, state),
    ]
    const entries = [...layouts.parameters.entries, ...layouts.state.entries]
    const tensors: ResidentTensor[] = []
    for (const [i, { shape }] of entries.entries()) {
      tensors.push(await runtime.upload(views[i]!, { dtype: 'float32', shape }))
    }
    return new TrainerState(parameters, state, views, tensors)
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
