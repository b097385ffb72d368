import { expect, test } from 'vitest'
import { createStream, fillNormal } from '#base'
import { createOnnxBlockAlgebra } from '../../../src-main/tensor/runtime/block-algebra.ts'
import { largestError } from '../../support/programs.ts'

const size = 1000
const draw = (rows: number, name: string): Float32Array => {
  const block = new Float32Array(rows * size)
  fillNormal(block, createStream(1, name))
  return block
}

test.each([true, false])(
  'combinations of blocks too large for one call agree with those in one (added: %s)',
  async (isAdded) => {
    const whole = await createOnnxBlockAlgebra(size, {})
    // Row by row, in pieces of 300 entries and a rest.
    const pieces = await createOnnxBlockAlgebra(size, {}, 300)
    const basis = draw(3, 'basis')
    const coefficients = Float64Array.from({ length: 6 }, (_, i) => Math.cos(i))
    const [expected, got] = [draw(2, 'target'), draw(2, 'target')]
    await whole.combine(expected, 2, coefficients, basis, 3, isAdded)
    await pieces.combine(got, 2, coefficients, basis, 3, isAdded)
    expect(largestError(got, expected)).toBeLessThan(1e-6)
    await whole.release()
    await pieces.release()
  },
)

test.each([true, false])(
  'combinations of more rows than one product reads well are those of float64 (added: %s)',
  async (isAdded) => {
    const algebra = await createOnnxBlockAlgebra(size, {})
    const [targets, rows] = [3, 121]
    const basis = draw(rows, 'many')
    const coefficients = Float64Array.from({ length: targets * rows }, (_, i) => Math.cos(i))
    const target = draw(targets, 'target')
    const expected = Float64Array.from(target, (x, at) => {
      const [i, column] = [Math.floor(at / size), at % size]
      let sum = isAdded ? x : 0
      for (let k = 0; k < rows; k += 1) {
        sum += Math.fround(coefficients[i * rows + k]!) * basis[k * size + column]!
      }
      return sum
    })
    await algebra.combine(target, targets, coefficients, basis, rows, isAdded)
    // Sums of 121 terms of size 1 grow to about 40.
    expect(largestError(target, expected)).toBeLessThan(2e-5)
    await algebra.release()
  },
)

test('one vector times a number is rounded once, by pieces as well', async () => {
  const v = draw(1, 'v')
  const factor = Math.fround(1 / 3)
  const expected = v.map((x) => Math.fround(factor * x))
  for (const largestBlock of [undefined, 300]) {
    const algebra = await createOnnxBlockAlgebra(size, {}, largestBlock)
    const target = draw(1, 'target')
    await algebra.combine(target, 1, Float64Array.of(1 / 3), v, 1, false)
    expect(target).toEqual(expected)
    await algebra.release()
  }
})
