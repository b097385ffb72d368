import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createStream, fillNormal } from '#base'
import { denseOperator, float64Space, type LinearOperator } from '#geometry/operators'
import { eigenTridiagonal, lanczos, quadratureTridiagonal } from '#geometry/spectral'
import { arithmetic, symmetricWithSpectrum } from '../../../support/matrices.ts'

const start = (n: number, seed = 1) => {
  const vector = new Float64Array(n)
  fillNormal(vector, createStream(seed, 'start'))
  return vector
}
const spectra = fc
  .array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 2, maxLength: 14 })
  .map((values) => values.map((value, i) => value + i * 1e-3))

describe('lanczos', () => {
  test('satisfies A Qᵀ = Qᵀ T + r eₖᵀ with orthonormal Q', async () => {
    await fc.assert(
      fc.asyncProperty(spectra, fc.nat(1000), async (values, seed) => {
        const n = values.length
        const A = denseOperator(symmetricWithSpectrum(values, seed))
        const k = Math.ceil(n / 2)
        const result = await lanczos(A, start(n, seed), { depth: k })
        expect(await result.basis.orthogonalityLoss()).toBeLessThan(1e-12)
        const depth = result.diagonal.length
        const product = new Float64Array(depth * n)
        await A.apply(result.basis.readRows(depth), depth, product)
        for (let step = 0; step < depth; step += 1) {
          const residual = product.slice(step * n, (step + 1) * n)
          const parts = [
            [step - 1, result.offDiagonal[step - 1]],
            [step, result.diagonal[step]],
            [step + 1, result.offDiagonal[step]],
          ] as const
          for (const [row, coefficient] of parts) {
            if (row < 0 || row >= depth || coefficient === undefined) continue
            result.basis.row(row).forEach((x, i) => (residual[i]! -= coefficient * x))
          }
          const expected = step === depth - 1 ? result.residualNorm : 0
          expect(Math.abs(Math.hypot(...residual) - expected)).toBeLessThan(1e-10)
        }
      }),
      { numRuns: 40, seed: 1 },
    )
  })

  test('at full depth finds every simple eigenvalue', async () => {
    const values = arithmetic(-3, 0.7, 15)
    const A = denseOperator(symmetricWithSpectrum(values, 3))
    const { diagonal, offDiagonal, status } = await lanczos(A, start(15), { depth: 15 })
    expect(status).toBe('full-depth')
    const found = eigenTridiagonal(diagonal, offDiagonal).values
    found.forEach((value, i) => expect(value).toBeCloseTo(values[i]!, 10))
  })

  test('has Ritz vectors whose residuals are |β s|, s the last entry of the small eigenvector', async () => {
    const [n, depth] = [15, 6]
    const A = denseOperator(symmetricWithSpectrum(arithmetic(-3, 0.7, n), 3))
    const { basis, diagonal, offDiagonal, residualNorm } = await lanczos(A, start(n), { depth })
    const { values, vectors } = eigenTridiagonal(diagonal, offDiagonal)
    const product = new Float64Array(n)
    for (const [k, value] of values.entries()) {
      const ritz = new Float64Array(n)
      vectors[k]!.forEach((c, i) => basis.row(i).forEach((x, j) => (ritz[j]! += c * x)))
      await A.apply(ritz, 1, product)
      const residual = Math.hypot(...product.map((x, i) => x - value * ritz[i]!))
      expect(residual).toBeCloseTo(residualNorm * Math.abs(vectors[k]![depth - 1]!), 12)
    }
  })

  test('ends at step 1 on the zero operator', async () => {
    const result = await lanczos(denseOperator(new Float64Array(36)), start(6), { depth: 6 })
    expect(result.status).toBe('invariant-subspace')
    expect(result.diagonal).toEqual([0])
  })

  test('ends at step 2 on the Hessian of a radial polynomial, at any scale', async () => {
    // L = s + 3s² − 2.5s³, s = ‖w‖²: H = 2g′I + 4g″wwᵀ has two eigenvalues
    const w = [0.3, -0.2, 0.5, 0.1, -0.4]
    const s = w.reduce((sum, x) => sum + x * x, 0)
    const [first, second] = [1 + 6 * s - 7.5 * s * s, 6 - 15 * s]
    const matrix = Float64Array.from({ length: 25 }, (_, at) => {
      const [i, j] = [Math.floor(at / 5), at % 5]
      return (i === j ? 2 * first : 0) + 4 * second * w[i]! * w[j]!
    })
    for (const scale of [1, 1e-12, 1e12]) {
      const A = denseOperator(matrix.map((x) => scale * x))
      const result = await lanczos(A, start(5), { depth: 5 })
      expect(result.status).toBe('invariant-subspace')
      const { values } = eigenTridiagonal(result.diagonal, result.offDiagonal)
      expect(values).toHaveLength(2)
      // g″ < 0 here: the single eigenvalue lies below the others.
      expect(values[0]! / scale).toBeCloseTo(2 * first + 4 * s * second, 10)
      expect(values[1]! / scale).toBeCloseTo(2 * first, 10)
    }
  })

  test('names the step at which the operator stopped being finite', async () => {
    let products = 0
    const broken: LinearOperator = {
      size: 4,
      space: float64Space(4),
      preferredRows: 1,
      apply: (input, _rows, output) => {
        products += 1
        input.forEach((x, i) => (output[i] = products === 3 ? NaN : (i + 1) * x))
        return Promise.resolve()
      },
    }
    await expect(lanczos(broken, start(4), { depth: 4 })).rejects.toThrow(
      "not a finite number in the operator's product at Lanczos step 3",
    )
  })

  test('refuses a depth outside 1…n and a zero start', async () => {
    const A = denseOperator(new Float64Array(16))
    await expect(lanczos(A, start(4), { depth: 5 })).rejects.toThrow('depth must be in 1…4, got 5')
    await expect(lanczos(A, new Float64Array(4), { depth: 2 })).rejects.toThrow(
      'start must not be zero',
    )
    await expect(lanczos(A, start(3), { depth: 2 })).rejects.toThrow(
      'start must have shape [4], got [3]',
    )
  })
})

describe('quadratureTridiagonal', () => {
  test('gives the eigenvalues and squared first entries of the dense decomposition', () => {
    const diagonal = [1, -2, 0.5, 3, 0]
    const offDiagonal = [0.3, 1.2, 0.7, 2]
    const dense = eigenTridiagonal(diagonal, offDiagonal)
    const { nodes, weights } = quadratureTridiagonal(diagonal, offDiagonal)
    nodes.forEach((node, i) => expect(node).toBeCloseTo(dense.values[i]!, 12))
    weights.forEach((weight, i) => expect(weight).toBeCloseTo(dense.vectors[i]![0]! ** 2, 12))
  })
})
