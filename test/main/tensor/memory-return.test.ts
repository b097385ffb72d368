import { expect, test } from 'vitest'
import { add, gather, traceProgram } from '#tensor/program'
import { compileProgram } from '#tensor/runtime'
import { float32 } from '../../support/programs.ts'

const size = 2 ** 20
const bufferBytes = (): number => process.memoryUsage().arrayBuffers

test('a call leaves no copy of its results behind', async () => {
  const twice = traceProgram('twice', [float32([size])], ([x]) => [add(x!, x!)])
  const executable = await compileProgram(twice)
  const [x, y] = [new Float32Array(size).fill(1.5), new Float32Array(size)]
  await executable.run([x], [y])
  expect(y[size - 1]).toBe(3)
  const before = bufferBytes()
  for (let i = 0; i < 10; i += 1) await executable.run([x], [y])
  // One copy alone would be 4 MiB.
  expect(bufferBytes() - before).toBeLessThan(2 ** 20)
  await executable.release()
})

test('an error of the runtime is told, though the results are large', async () => {
  const pick = traceProgram(
    'pick',
    [float32([4, size]), { dtype: 'int32', shape: [1] }],
    ([x, i]) => [gather(x!, i!, 0)],
  )
  const executable = await compileProgram(pick)
  const result = [new Float32Array(size)]
  await expect(
    executable.run([new Float32Array(4 * size), Int32Array.of(9)], result),
  ).rejects.toThrow(/ind(ex|ices).*(bounds|range)/)
  await executable.release()
})
