import { invariant } from '#base'
import type { Vector, VectorSpace } from '#geometry/operators'
import { onnxRuntime, type Runtime } from '#tensor/runtime'

/** A {@link VectorSpace} in float32 whose every operation is one call into the native runtime. */
export interface NativeSpace extends VectorSpace {
  release(): Promise<void>
}

/** Vector algebra on R^n by a runtime's block algebra. */
export async function createNativeSpace(
  size: number,
  runtime: Runtime = onnxRuntime(),
): Promise<NativeSpace> {
  const algebra = await runtime.createBlockAlgebra(size)
  const float32 = (vector: Vector, rows: number): Float32Array => {
    invariant(vector instanceof Float32Array, 'a native space holds float32 vectors')
    return vector.subarray(0, rows * size)
  }
  const combine =
    (isAdded: boolean): VectorSpace['addCombination'] =>
    (target, targetRows, coefficients, basis, basisRows) =>
      algebra.combine(
        float32(target, targetRows),
        targetRows,
        coefficients,
        float32(basis, basisRows),
        basisRows,
        isAdded,
      )
  return {
    size,
    epsilon: 2 ** -23,
    allocate: (rows) => new Float32Array(rows * size),
    innerProducts: (a, aRows, b, bRows) =>
      algebra.innerProducts(float32(a, aRows), aRows, float32(b, bRows), bRows),
    setCombination: combine(false),
    addCombination: combine(true),
    release: () => algebra.release(),
  }
}
