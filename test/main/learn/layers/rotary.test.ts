import { describe, expect, test } from 'vitest'
import { rotatePositions } from '#learn/layers'
import { traceProgram } from '#tensor/program'
import { compileProgram, interpretProgram } from '#tensor/runtime'
import { float32, largestError } from '../../../support/programs.ts'

const [batch, time, heads, size] = [2, 5, 3, 4]
const shape = [batch, time, heads, size]
const program = traceProgram('rotary', [float32(shape)], ([x]) => [rotatePositions(x!)])
const input = Float32Array.from({ length: batch * time * heads * size }, (_, i) => Math.sin(i))

/** The turn of each pair (x_j, x_{j + d/2}) as a complex product, by Su et al., equation 15. */
const expected = (): number[] => {
  const result = new Array<number>(input.length)
  for (let row = 0; row < batch * time * heads; row += 1) {
    const position = Math.floor(row / heads) % time
    for (let j = 0; j < size / 2; j += 1) {
      const angle = position * 10_000 ** ((-2 * j) / size)
      const [re, im] = [input[row * size + j]!, input[row * size + j + size / 2]!]
      result[row * size + j] = re * Math.cos(angle) - im * Math.sin(angle)
      result[row * size + j + size / 2] = im * Math.cos(angle) + re * Math.sin(angle)
    }
  }
  return result
}

describe('rotatePositions', () => {
  test('turns pairs of halves by the angles of the paper', async () => {
    expect(largestError(interpretProgram(program, [input])[0]!, expected())).toBeLessThan(1e-12)
    const executable = await compileProgram(program)
    const [got] = await executable.run([input])
    await executable.release()
    expect(largestError(got!, expected())).toBeLessThan(1e-6)
  })

  test('makes products of queries and keys depend on the distance alone', () => {
    const alike = Float32Array.from(input, (_, i) => Math.cos(i % size) + (i % size))
    const [turned] = interpretProgram(program, [alike])
    const at = (t: number): Float64Array =>
      turned!.subarray(t * heads * size, t * heads * size + size)
    const product = (s: number, t: number): number =>
      at(s).reduce((sum, value, i) => sum + value * at(t)[i]!, 0)
    expect(product(0, 2)).toBeCloseTo(product(2, 4), 12)
    expect(product(0, 2)).not.toBeCloseTo(product(0, 3), 3)
  })

  test('refuses heads of odd width', () => {
    expect(() =>
      traceProgram('rotary', [float32([1, 2, 2, 3])], ([x]) => [rotatePositions(x!)]),
    ).toThrow('rotary positions want an even width of a head, got 3')
  })
})
