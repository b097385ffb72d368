import { describe, expect, test } from 'vitest'
import { createStream, fillNormal } from '#base'
import { denseOperator } from '#geometry/operators'
import { eigenSymmetric, extremeEigenpairs, type EigenpairsOptions } from '#geometry/spectral'
import { arithmetic, symmetricWithSpectrum } from '../../../support/matrices.ts'

const n = 200
/** With small gaps: most of a search from random vectors goes into telling the five from the bulk below 0.94. */
const spectrum = [...arithmetic(-1, 0.01, n - 5), 1, 1.03, 1.07, 1.12, 1.2]
const matrix = symmetricWithSpectrum(spectrum, 1)
const options: EigenpairsOptions = {
  top: 5,
  bottom: 0,
  tolerance: 1e-3,
  maxProducts: 500,
  blockSize: 1,
  stream: createStream(1, 'start'),
}

/** The matrix moved a little, as by a few steps of training, with its eigenvalues. */
function perturbed(share: number) {
  const stream = createStream(2, 'change')
  const changed = matrix.slice()
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      const change = (share * stream.nextNormal()) / Math.sqrt(n)
      changed[i * n + j]! += change
      if (j < i) changed[j * n + i]! += change
    }
  }
  const rows = Array.from({ length: n }, (_, i) => changed.slice(i * n, (i + 1) * n))
  return { operator: denseOperator(changed), expected: eigenSymmetric(rows).values.toReversed() }
}

describe.each([1, 2])('a search in blocks of %i that starts from vectors', (blockSize) => {
  test('of an operator nearby saves products and is right', async () => {
    const before = await extremeEigenpairs(denseOperator(matrix), { ...options, blockSize })
    const { operator, expected } = perturbed(0.01)
    const start = { vectors: before.vectors, count: 5 }
    const warm = await extremeEigenpairs(operator, { ...options, blockSize, start })
    expect(warm.status).toBe('converged')
    warm.top.forEach(({ value }, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-4))
    // The look for further copies is its own: two random vectors may do without it, two near the answer may not.
    const alone = { ...options, blockSize, findsMultiples: false }
    const [cold, hinted] = [
      await extremeEigenpairs(operator, alone),
      await extremeEigenpairs(operator, { ...alone, start }),
    ]
    expect(hinted.products).toBeLessThan(0.9 * cold.products)
  })

  test('that have nothing to do with the answer is right all the same', async () => {
    const { operator, expected } = perturbed(0.01)
    const { vectors } = await extremeEigenpairs(operator, {
      ...options,
      top: 0,
      bottom: 3,
      tolerance: 1e-9,
    })
    const random = new Float64Array(2 * n)
    fillNormal(random, createStream(3, 'rubbish'))
    const hints = [
      // The other end of the spectrum, one vector many times, zeros, noise.
      { vectors, count: 3 },
      {
        vectors: Float64Array.from({ length: 4 * n }, (_, i) => (i % n === 7 ? 1e9 : 0)),
        count: 4,
      },
      { vectors: new Float64Array(n), count: 1 },
      { vectors: random, count: 2 },
    ]
    for (const start of hints) {
      const result = await extremeEigenpairs(operator, { ...options, blockSize, start })
      expect(result.status).toBe('converged')
      result.top.forEach(({ value }, i) =>
        expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-4),
      )
    }
  })
})

test('vectors to start from must be finite and of the right size', async () => {
  const A = denseOperator(matrix)
  const start = { vectors: new Float64Array(n + 1), count: 1 }
  await expect(extremeEigenpairs(A, { ...options, start })).rejects.toThrow(
    `start must hold 1 or more vectors of ${n} numbers, got ${n + 1} numbers for 1`,
  )
  const broken = { vectors: new Float64Array(n).fill(Number.NaN), count: 1 }
  await expect(extremeEigenpairs(A, { ...options, start: broken })).rejects.toThrow(
    'start must be finite',
  )
})
