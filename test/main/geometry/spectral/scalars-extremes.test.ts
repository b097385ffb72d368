import { expect, test } from 'vitest'
import { createStream } from '#base'
import { countingOperator } from '#geometry/operators'
import { measureScalar, type ScalarOptions } from '#geometry/spectral'
import { arithmetic } from '../../../support/matrices.ts'
import { diagonalOperator, float32Space } from '../../../support/spectra-operators.ts'

const settings: Pick<ScalarOptions, 'probes' | 'stream'> = {
  probes: 40,
  stream: createStream(1, 'extremes'),
}
const zeros = Array<number>(297).fill(0)

test.each([
  ['of rank 1', [7]],
  ['of rank 3', [7, 7, -7]],
])('a matrix %s has no bulk to compare with', async (_name, outliers) => {
  const values = [...outliers, ...zeros]
  for (const space of [undefined, float32Space(values.length)]) {
    const { estimate, status, note } = await measureScalar(diagonalOperator(values, space), {
      ...settings,
      quantity: 'bulk-ratio',
    })
    expect([estimate, status]).toEqual([null, 'out-of-domain'])
    expect(note).toBe('no eigenvalue is left beside the outliers but 0.')
  }
})

test('a budget that leaves nothing beside the outliers is refused by the number given', async () => {
  for (const quantity of ['bulk-ratio', 'effective-dimension'] as const) {
    await expect(
      measureScalar(diagonalOperator(zeros), {
        ...settings,
        quantity,
        precision: 0.1,
        maxProducts: 50,
      }),
    ).rejects.toThrow('maxProducts must be 56 or more here, got 50')
  }
})

test('an effective dimension keeps to its budget', async () => {
  for (const maxProducts of [56, 100, 150, 300]) {
    const operator = countingOperator(diagonalOperator(arithmetic(-0.2, 0.004, 300)))
    const { products } = await measureScalar(operator, {
      ...settings,
      quantity: 'effective-dimension',
      precision: 0.001,
      maxProducts,
    })
    expect(products).toBe(operator.products)
    expect(products).toBeLessThanOrEqual(maxProducts)
  }
})
