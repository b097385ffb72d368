/** Number types of a tensor. */
export type Dtype = 'float32' | 'float64' | 'int32' | 'bool'

/** Flat storage of a tensor on the host. */
export type TensorData = Float32Array | Float64Array | Int32Array | Uint8Array

/** A row-major array on the host. */
export interface HostTensor {
  readonly shape: readonly number[]
  readonly data: TensorData
}

/** Number of entries of a shape; 1 for a scalar. */
export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((size, extent) => size * extent, 1)

/** A shape as printed: `[2, 3]`. */
export const formatShape = (shape: readonly number[]): string => `[${shape.join(', ')}]`

/** Whether two shapes are equal. */
export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((extent, i) => extent === b[i])
