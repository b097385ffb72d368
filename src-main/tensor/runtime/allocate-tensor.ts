import { sizeOf, type Dtype, type TensorData } from '#tensor/dense'
import type { ValueType } from '#tensor/program'

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
