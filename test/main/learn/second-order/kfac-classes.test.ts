import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import { traceProgram, type Program } from '#tensor/program'
import { compileProgram, planProgram } from '#tensor/runtime'
import { drawnClasses } from '../../../../src-main/learn/training/kfac-classes.ts'

const program = (rows: number, count: number): Program =>
  traceProgram(
    'drawn',
    [
      { dtype: 'float32', shape: [rows, count] },
      { dtype: 'float32', shape: [rows] },
    ],
    ([probabilities, uniform]) => [drawnClasses(probabilities!, uniform!)],
  )

describe('a class drawn by a uniform number', () => {
  test.each([1, 2, 3, 9, 10, 17, 1000])(
    'is where the sum of %i classes passes it',
    async (count) => {
      const rows = 40
      const stream = createStream(1, 'classes', count)
      const probabilities = new Float32Array(rows * count)
      const uniform = new Float32Array(rows)
      const wanted: number[] = []
      for (let row = 0; row < rows; row += 1) {
        const weights = Array.from({ length: count }, () => 0.5 + stream.nextUniform())
        const total = weights.reduce((sum, weight) => sum + weight, 0)
        probabilities.set(
          weights.map((weight) => weight / total),
          row * count,
        )
        // Not so near the ends of a class's interval that float32 could not tell.
        const label = row === 0 ? 0 : row === 1 ? count - 1 : stream.nextInteger(count)
        const before = weights.slice(0, label).reduce((sum, weight) => sum + weight, 0)
        uniform[row] = (before + (0.1 + 0.8 * stream.nextUniform()) * weights[label]!) / total
        wanted.push(label)
      }
      const executable = await compileProgram(program(rows, count))
      const [drawn] = await executable.run([probabilities, uniform])
      await executable.release()
      wanted.forEach((label, row) => {
        const oneHot = Array.from({ length: count }, (_, k) => Number(k === label))
        expect([...drawn!.subarray(row * count, (row + 1) * count)]).toEqual(oneHot)
      })
    },
  )

  test('of many takes no matrix of classes by classes', () => {
    const { workspace, graph } = planProgram(program(4, 20_000))
    // Beside 20,000² numbers of 4 bytes.
    expect(workspace + graph).toBeLessThan(8 * 2 ** 20)
  })
})
