import { describe, expect, test } from 'vitest'
import { add, matmul, tanh, traceProgram, type Program } from '#tensor/program'
import { createOnnxRuntime } from '#tensor/runtime'
import { float32 } from '../../support/programs.ts'

/** A program of its own for each size. */
const programOf = (size: number): Program =>
  traceProgram('cached', [float32([size])], ([x]) => [tanh(add(x!, 1))])

describe('sessions of one runtime', () => {
  test('an equal program is loaded once, and both copies compute', async () => {
    const runtime = createOnnxRuntime({ threads: 1 })
    const [first, second] = [
      await runtime.compile(programOf(2)),
      await runtime.compile(programOf(2)),
    ]
    expect(runtime.statistics()).toEqual({ sessionsCreated: 1, sessionsHeld: 1, sessionsIdle: 0 })
    await first.release()
    const [result] = await second.run([Float32Array.of(0, 1)])
    expect(result![0]).toBeCloseTo(Math.tanh(1), 6)
    expect(result![1]).toBeCloseTo(Math.tanh(2), 6)
    await second.release()
    expect(runtime.statistics()).toMatchObject({ sessionsHeld: 0, sessionsIdle: 1 })
    await runtime.release()
  })

  test('a program that comes again after its release is not loaded again', async () => {
    const runtime = createOnnxRuntime({ threads: 1 })
    for (let i = 0; i < 3; i += 1) {
      const executable = await runtime.compile(programOf(3))
      await executable.run([new Float32Array(3)])
      await executable.release()
    }
    expect(runtime.statistics().sessionsCreated).toBe(1)
    await runtime.release()
  })

  test('released twice counts once', async () => {
    const runtime = createOnnxRuntime({ threads: 1 })
    const [first, second] = [
      await runtime.compile(programOf(2)),
      await runtime.compile(programOf(2)),
    ]
    await first.release()
    await first.release()
    expect(runtime.statistics().sessionsHeld).toBe(1)
    await second.run([new Float32Array(2)])
    await second.release()
    await runtime.release()
  })

  test('at most 16 released ones are kept, the last ones', async () => {
    const runtime = createOnnxRuntime({ threads: 1 })
    for (let size = 1; size <= 19; size += 1) {
      await (await runtime.compile(programOf(size))).release()
    }
    expect(runtime.statistics()).toEqual({ sessionsCreated: 19, sessionsHeld: 0, sessionsIdle: 16 })
    await (await runtime.compile(programOf(4))).release()
    expect(runtime.statistics().sessionsCreated, 'the fourth was kept').toBe(19)
    await (await runtime.compile(programOf(3))).release()
    expect(runtime.statistics().sessionsCreated, 'the third was not').toBe(20)
    await runtime.release()
    expect(runtime.statistics().sessionsIdle).toBe(0)
  })

  test('one whose intermediate values would hold too much memory is not kept', async () => {
    const runtime = createOnnxRuntime({ threads: 1 })
    const extent = 2 ** 18
    const large = traceProgram('large', [float32([extent, 1]), float32([1, extent])], ([a, b]) => [
      // 2³⁶ numbers in between, of which nobody computes one here.
      matmul(a!, matmul(b!, matmul(a!, b!))),
    ])
    await (await runtime.compile(large)).release()
    expect(runtime.statistics()).toEqual({ sessionsCreated: 1, sessionsHeld: 0, sessionsIdle: 0 })
  })

  test('runtimes share nothing', async () => {
    const [one, other] = [createOnnxRuntime({ threads: 1 }), createOnnxRuntime({ threads: 1 })]
    await (await one.compile(programOf(2))).release()
    expect(other.statistics().sessionsCreated).toBe(0)
    await one.release()
  })
})
