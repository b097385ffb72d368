import { expect, test } from 'vitest'
import { createStream, fillNormal } from '#base'
import { denseOperator, float64Space } from '#geometry/operators'
import { eigenSymmetric, orthogonalizeBlock } from '#geometry/spectral'
import { ritzResiduals } from '../../../../src-main/geometry/spectral/krylov/ritz-residuals.ts'
import { arithmetic, symmetricWithSpectrum } from '../../../support/matrices.ts'

test('are ‖A·v − θ·v‖ of the Ritz vectors of a block Krylov space', async () => {
  const [n, rows, blocks] = [40, 3, 4]
  const A = denseOperator(symmetricWithSpectrum(arithmetic(-2, 0.17, n), 3))
  const space = float64Space(n)
  // By definition: an orthonormal basis of X, AX, …, T = Q·A·Qᵀ, and R the parts of the last block's products outside.
  const basis = await space.createRows(rows * blocks)
  let block = space.allocate(rows)
  fillNormal(block, createStream(1, 'block'))
  let tail: number[][] = []
  for (let at = 0; at < blocks; at += 1) {
    await orthogonalizeBlock(space, block, rows, { store: basis, count: at * rows })
    for (let i = 0; i < rows; i += 1) {
      await basis.write(at * rows + i, block.slice(i * n, (i + 1) * n), 1)
    }
    const product = space.allocate(rows)
    await A.apply(block, rows, product)
    block = product
  }
  const count = rows * blocks
  const { factor, rank } = await orthogonalizeBlock(space, block, rows, { store: basis, count })
  tail = Array.from({ length: rows }, (_, i) => [...factor.subarray(i * rank, (i + 1) * rank)])
  const q = Array.from({ length: count }, (_, i) => Float64Array.from(basis.row(i)))
  const products = await Promise.all(
    q.map(async (row) => {
      const product = new Float64Array(n)
      await A.apply(row, 1, product)
      return product
    }),
  )
  const projected = q.map((row) =>
    products.map((product) => row.reduce((sum, x, i) => sum + x * product[i]!, 0)),
  )

  const { values, residuals } = ritzResiduals(projected, tail)
  const { vectors } = eigenSymmetric(projected)
  expect(residuals).toHaveLength(count)
  vectors.forEach((s, k) => {
    const r = Float64Array.from({ length: n }, (_, i) =>
      s.reduce((sum, c, j) => sum + c * (products[j]![i]! - values[k]! * q[j]![i]!), 0),
    )
    expect(residuals[k]).toBeCloseTo(Math.hypot(...r), 11)
  })
  expect(Math.max(...residuals)).toBeGreaterThan(0.01)
})

test('are 0 where nothing is left outside', () => {
  expect([...ritzResiduals([[2]], [[]]).residuals]).toEqual([0])
})
