import { ShapeError } from '#base'
import { createLayout, type Layout } from '#tensor/dense'
import type { StateTensor } from '#learn/optimizers'
import type { ResidentTensor, Runtime } from '#tensor/runtime'
import { ResidentVector } from './resident-vector.ts'
import type { UpdateForm } from './step-program.ts'

/** What a step reads and writes, by the order of its program. */
export interface TrainerLayouts {
  readonly parameters: Layout
  readonly buffers: Layout
  readonly state: readonly StateTensor[]
  readonly form: UpdateForm
}

interface FlatVectors {
  readonly parameters: Float32Array
  readonly state: Float32Array
  readonly buffers: Float32Array
}

/** One layout entry for all entries of another: the vector of the flat form. */
const wholeLayout = ({ size }: Layout): Layout =>
  createLayout([{ name: 'parameters', shape: [size] }])

/** The layout of what an optimizer updates. */
export const updatedLayout = ({ parameters, form }: TrainerLayouts): Layout =>
  form === 'flat' ? wholeLayout(parameters) : parameters

/** An optimizer's state as it starts, flat. */
export function initialState(
  tensors: readonly StateTensor[],
  updated: Layout,
  parameters: Float32Array,
): Float32Array {
  const { entries, size } = createLayout(tensors)
  const flat = new Float32Array(size)
  entries.forEach((entry, i) => {
    const { initial, averageOf } = tensors[i]!
    const target = flat.subarray(entry.offset, entry.offset + entry.size)
    if (averageOf === undefined) target.fill(initial)
    else {
      const { offset } = updated.entries[averageOf]!
      target.set(parameters.subarray(offset, offset + entry.size))
    }
  })
  return flat
}

/**
 * A copy of the running statistics to start with, or zeros.
 *
 * @throws ShapeError if they have not the layout's size.
 */
export function initialBuffers({ size }: Layout, given: Float32Array | undefined): Float32Array {
  if (given !== undefined && given.length !== size) {
    throw new ShapeError('initial running statistics', `[${size}]`, [given.length])
  }
  return given?.slice() ?? new Float32Array(size)
}

/** Where the average of the parameters begins in the flat state; null where none is kept. */
export function averageOffset(tensors: readonly StateTensor[]): number | null {
  const first = tensors.findIndex(({ averageOf }) => averageOf === 0)
  return first < 0 ? null : createLayout(tensors).entries[first]!.offset
}

/** Parameters, optimizer state and running statistics: one of the two sets that take turns. */
export class TrainerState {
  readonly parameters: ResidentVector
  readonly state: ResidentVector
  readonly buffers: ResidentVector
  /** `[n]`, the parameters or their running average, where the flat vectors are. */
  readonly evaluated: Float32Array
  readonly evaluatedTensors: readonly ResidentTensor[]
  /** What a step reads before its batch: parameters, in flat form also as a vector, and state. */
  readonly read: readonly ResidentTensor[]
  /** What a step writes first: in flat form parameters as a vector only; state; running statistics. */
  readonly written: readonly ResidentTensor[]

  private constructor(
    vectors: Pick<TrainerState, 'parameters' | 'state' | 'buffers'>,
    whole: readonly ResidentTensor[],
    average: Pick<TrainerState, 'evaluated' | 'evaluatedTensors'> | null,
  ) {
    this.parameters = vectors.parameters
    this.state = vectors.state
    this.buffers = vectors.buffers
    this.evaluated = average?.evaluated ?? vectors.parameters.flat
    this.evaluatedTensors = average?.evaluatedTensors ?? vectors.parameters.tensors
    const { parameters, state, buffers } = vectors
    const updated = whole.length > 0 ? whole : parameters.tensors
    this.read = [...parameters.tensors, ...whole, ...state.tensors, ...buffers.tensors]
    this.written = [...updated, ...state.tensors, ...buffers.tensors]
  }

  /** Brings flat vectors, which it takes over, to the runtime. */
  static async create(
    runtime: Runtime,
    layouts: TrainerLayouts,
    flat: Partial<FlatVectors> = {},
  ): Promise<TrainerState> {
    const { form } = layouts
    const parameters = await ResidentVector.create(runtime, layouts.parameters, flat.parameters)
    const state = await ResidentVector.create(runtime, createLayout(layouts.state), flat.state)
    const buffers = await ResidentVector.create(runtime, layouts.buffers, flat.buffers)
    const whole =
      form === 'flat'
        ? await ResidentVector.create(runtime, wholeLayout(layouts.parameters), parameters.flat)
        : null
    const offset = averageOffset(layouts.state)
    const average = offset === null ? null : await averageOf(runtime, layouts, state, offset)
    return new TrainerState({ parameters, state, buffers }, whole?.tensors ?? [], average)
  }

  /** Replaces all three; a vector that is also held as a whole lies in the same memory. */
  async write(flat: FlatVectors): Promise<void> {
    await this.parameters.write(flat.parameters, 'parameters')
    await this.state.write(flat.state, 'optimizer state')
    await this.buffers.write(flat.buffers, 'running statistics')
  }

  /** Brings the flat vectors up to date. */
  async readAll(): Promise<void> {
    await this.parameters.read()
    await this.state.read()
    await this.buffers.read()
  }

  release(): void {
    this.parameters.release()
    this.state.release()
    this.buffers.release()
  }
}

/** The average inside the state: in flat form one tensor, of which the others are views. */
async function averageOf(
  runtime: Runtime,
  { parameters, state: tensors, form }: TrainerLayouts,
  state: ResidentVector,
  offset: number,
): Promise<Pick<TrainerState, 'evaluated' | 'evaluatedTensors'>> {
  const evaluated = state.flat.subarray(offset, offset + parameters.size)
  if (form === 'flat') {
    const { tensors: views } = await ResidentVector.create(runtime, parameters, evaluated)
    return { evaluated, evaluatedTensors: views }
  }
  const first = tensors.findIndex((tensor) => tensor.averageOf === 0)
  const evaluatedTensors = state.tensors.slice(first, first + parameters.entries.length)
  return { evaluated, evaluatedTensors }
}
