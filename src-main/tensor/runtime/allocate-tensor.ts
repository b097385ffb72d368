import { sizeOf, type Dtype, type TensorData } from '#tensor/dense'
import type { ValueType } from '#tensor/program'

const widths: Record<Dtype, number> = { float32: 4, float64: 8, int32: 4, bool: 1 }

/** Memory of a value, in bytes. */
export const bytesOf = (type: ValueType): number => widths[type.dtype] * sizeOf(type.shape)

/** A zero buffer for a value. */
export function allocateTensor(type: ValueType): TensorData {
  const size = sizeOf(type.shape)
  const make: Record<Dtype, () => TensorData> = {
    float32: () => new Float32Array(size),
    float64: () => new Float64Array(size),
    int32: () => new Int32Array(size),
    bool: () => new Uint8Array(size),
  }
  return make[type.dtype]()
}
