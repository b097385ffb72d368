import { describe, expect, it } from 'vitest'
import { traceProgram } from '#tensor/program'
import { compileProgram } from '#tensor/runtime'
import { inverseWithError } from '../../../../src-main/learn/training/newton-inverse.ts'
import { symmetricWithSpectrum } from '../../../support/matrices.ts'
import { float32 } from '../../../support/programs.ts'

const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, x) => Math.max(most, Math.abs(x)), 0)

async function invert(
  matrix: Float64Array,
  n: number,
): Promise<{ readonly inverse: Float64Array; readonly error: number }> {
  const program = traceProgram('inverse', [float32([n, n])], ([x]) => {
    const { inverse, error } = inverseWithError(x!)
    return [inverse, error]
  })
  const executable = await compileProgram(program)
  const [inverse, error] = await executable.run([Float32Array.from(matrix)])
  await executable.release()
  return { inverse: Float64Array.from(inverse!), error: error![0]! }
}

describe('inverseWithError', () => {
  it.each([
    [1, 1],
    [2, 1e2],
    [2, 1e5],
    [7, 1e4],
    [96, 1e4],
    [97, 1e2],
    [97, 1e4],
    [200, 1e4],
    [301, 1e3],
  ])('inverts a matrix of size %d and condition %d to float32', async (n, condition) => {
    const spectrum = Array.from({ length: n }, (_, i) => condition ** (i / Math.max(n - 1, 1)))
    const { inverse, error } = await invert(symmetricWithSpectrum(spectrum, 7), n)
    const exact = symmetricWithSpectrum(
      spectrum.map((x) => 1 / x),
      7,
    )
    const difference = largest(exact.map((x, i) => x - inverse[i]!)) / largest(exact)
    // Rounding the matrix to float32 alone changes its inverse by κ·6·10⁻⁸.
    expect(difference).toBeLessThan(4e-7 * condition + 1e-6)
    expect(error).toBeLessThan(1e-6 * condition + 1e-5)
  })

  it('gives a symmetric matrix', async () => {
    const n = 130
    const spectrum = Array.from({ length: n }, (_, i) => 1 + i)
    const { inverse } = await invert(symmetricWithSpectrum(spectrum, 3), n)
    const turned = inverse.map((_, i) => inverse[(i % n) * n + Math.floor(i / n)]!)
    expect(inverse).toEqual(turned)
  })

  it('shows that a matrix has no inverse in float32', async () => {
    const n = 40
    const spectrum = Array.from({ length: n }, (_, i) => (i === 0 ? -1 : 10 ** (i / 10)))
    const { error } = await invert(symmetricWithSpectrum(spectrum, 2), n)
    expect(error).not.toBeLessThan(0.1)
  })
})
