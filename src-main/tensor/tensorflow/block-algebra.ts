import type { BlockAlgebra } from '#tensor/runtime'
import type { TensorflowBackend } from './backend.ts'

/** {@link BlockAlgebra} as matrix products of TensorFlow.js; both factors travel to the device in each call. */
export function createBlockAlgebra(tf: TensorflowBackend, size: number): BlockAlgebra {
  const block = (data: Float32Array, rows: number) => tf.tensor(data, [rows, size], 'float32')
  return {
    innerProducts: async (a, aRows, b, bRows) => {
      const products = tf.tidy(() => tf.matMul(block(a, aRows), block(b, bRows), false, true))
      try {
        return Float64Array.from(await products.data())
      } finally {
        products.dispose()
      }
    },
    combine: async (target, targetRows, coefficients, basis, basisRows, isAdded) => {
      const result = tf.tidy(() => {
        const c = tf.tensor(Float32Array.from(coefficients), [targetRows, basisRows], 'float32')
        const combination = tf.matMul(c, block(basis, basisRows))
        return isAdded ? tf.add(block(target, targetRows), combination) : combination
      })
      try {
        target.set(await result.data())
      } finally {
        result.dispose()
      }
    },
    release: () => Promise.resolve(),
  }
}
