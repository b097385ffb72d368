import { ShapeError } from '#base'
import { sizeOf, type Dtype, type TensorData } from '#tensor/dense'
import { formatType, type ValueType } from '#tensor/program'
import { allocateTensor } from './allocate-tensor.ts'
import { OnnxGraph } from './onnx-graph.ts'
import type { ResidentTensor } from './runtime.ts'
import { createSession, DeviceBuffer, type Session, type SessionOptions } from './session.ts'

/** Whether values of a number type can stay on a WebGPU device between calls; ONNX Runtime keeps no float64 there. */
export const staysOnGpu = (dtype: Dtype): boolean => dtype !== 'float64'

/**
 * Carries tensors to the GPU and back. The Node.js binding has no call for either (its `getData` ends the process),
 * but a model that hands its input on does it, as its input and output lie in host or device memory.
 */
export class GpuTransfer {
  readonly #options: SessionOptions
  readonly #sessions = new Map<string, Promise<Session>>()

  constructor(options: SessionOptions) {
    this.#options = options
  }

  /** Copies a value between the two memories, or within one. */
  async copy(
    from: TensorData | DeviceBuffer,
    to: TensorData | DeviceBuffer,
    { dtype, shape }: ValueType,
  ): Promise<void> {
    const session = await this.#session(dtype, shape.length, to instanceof DeviceBuffer)
    await session.run({ in: { data: from, shape } }, { out: { data: to, shape } })
  }

  async release(): Promise<void> {
    for (const session of this.#sessions.values()) await (await session).release()
    this.#sessions.clear()
  }

  #session(dtype: Dtype, rank: number, isUpload: boolean): Promise<Session> {
    const key = `${dtype} ${rank} ${isUpload}`
    const known = this.#sessions.get(key)
    if (known !== undefined) return known
    const graph = new OnnxGraph()
    const extents = Array.from({ length: rank }, (_, axis) => `d${axis}`)
    graph.output('out', graph.input('in', dtype, extents), dtype, extents)
    const model = graph.encode('transfer')
    const made = createSession(model, this.#options, isUpload ? ['out'] : [])
    this.#sessions.set(key, made)
    return made
  }
}

/** A tensor in the memory of a WebGPU device. */
export class GpuTensor implements ResidentTensor {
  readonly type: ValueType
  readonly buffer = new DeviceBuffer()
  readonly #transfer: GpuTransfer
  /** Where the entries are read to unless the reader brings a buffer. */
  #staging: TensorData | null = null

  /** A tensor without entries yet. */
  constructor(transfer: GpuTransfer, type: ValueType) {
    this.#transfer = transfer
    this.type = type
  }

  async read(
    into: TensorData = (this.#staging ??= allocateTensor(this.type)),
  ): Promise<TensorData> {
    this.#check(into)
    await this.#transfer.copy(this.buffer, into, this.type)
    return into
  }

  async write(data: TensorData): Promise<void> {
    this.#check(data)
    await this.#transfer.copy(data, this.buffer, this.type)
  }

  clear(): Promise<void> {
    return this.write(allocateTensor(this.type))
  }

  release(): void {
    this.buffer.release()
  }

  #check(data: TensorData): void {
    if (data.length !== sizeOf(this.type.shape)) {
      throw new ShapeError('tensor', formatType(this.type), [data.length])
    }
  }
}
