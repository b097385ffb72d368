import { InputError, ShapeError } from '#base'
import { sizeOf, type TensorData } from '#tensor/dense'
import { formatType, type ValueType } from '#tensor/program'
import type { ResidentTensor, TensorInput } from './runtime.ts'

/** A resident tensor of a runtime that computes in host memory: the buffer it was made of. */
export class HostTensor implements ResidentTensor {
  readonly type: ValueType
  readonly data: TensorData

  /** @throws ShapeError if `data` does not fit `type`. */
  constructor(data: TensorData, type: ValueType) {
    if (data.length !== sizeOf(type.shape)) {
      throw new ShapeError('tensor', formatType(type), [data.length])
    }
    this.type = type
    this.data = data
  }

  read(into: TensorData = this.data): Promise<TensorData> {
    if (into !== this.data) into.set(this.data)
    return Promise.resolve(into)
  }

  write(data: TensorData): Promise<void> {
    if (data !== this.data) this.data.set(data)
    return Promise.resolve()
  }

  clear(): Promise<void> {
    this.data.fill(0)
    return Promise.resolve()
  }

  release(): void {
    // The buffer belongs to the host.
  }
}

/** Whether a value is a flat buffer of the host. */
export const isHostData = (value: TensorInput): value is TensorData => ArrayBuffer.isView(value)

/**
 * The buffer behind an input or output of a runtime that computes in host memory.
 *
 * @throws InputError for a tensor that lies elsewhere.
 */
export function hostData(value: TensorInput): TensorData {
  if (isHostData(value)) return value
  if (value instanceof HostTensor) return value.data
  throw new InputError(
    'tensor',
    `a tensor ${formatType(value.type)} of another runtime was given to one that computes in host memory`,
  )
}
