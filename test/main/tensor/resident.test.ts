import { describe, expect, test } from 'vitest'
import { add, mul, traceProgram } from '#tensor/program'
import { createOnnxRuntime, hostData, type ResidentTensor } from '#tensor/runtime'
import { float32 } from '../../support/programs.ts'

const runtime = createOnnxRuntime({ threads: 1 })
const type = float32([3])

describe('a resident tensor on the processor', () => {
  test('is the buffer it was made of', async () => {
    const data = Float32Array.of(1, 2, 3)
    const tensor = await runtime.upload(data, type)
    expect(await tensor.read()).toBe(data)
    await tensor.write(Float32Array.of(4, 5, 6))
    expect([...data]).toEqual([4, 5, 6])
    const copy = new Float32Array(3)
    expect(await tensor.read(copy)).toBe(copy)
    expect([...copy]).toEqual([4, 5, 6])
    await tensor.clear()
    expect([...data]).toEqual([0, 0, 0])
  })

  test('is read and written in place by a program, beside buffers', async () => {
    const program = traceProgram('both', [type, type], ([x, y]) => [add(x!, y!), mul(x!, y!)])
    const executable = await runtime.compile(program, { residentOutputs: 1 })
    const [x, sum] = [Float32Array.of(1, 2, 3), new Float32Array(3)]
    const product = new Float32Array(3)
    const outputs = [await runtime.upload(sum, type), product]
    const results = await executable.run(
      [await runtime.upload(x, type), Float32Array.of(10, 20, 30)],
      outputs,
    )
    expect(results).toBe(outputs)
    expect([...sum]).toEqual([11, 22, 33])
    expect([...product]).toEqual([10, 40, 90])
    await executable.release()
  })

  test('has the size of its type', async () => {
    await expect(runtime.upload(new Float32Array(2), type)).rejects.toThrow(
      'tensor must have shape f32[3], got [2]',
    )
    const tensor = await runtime.upload(new Float32Array(3), type)
    const program = traceProgram('four', [float32([4])], ([x]) => [x!])
    const executable = await runtime.compile(program)
    await expect(executable.run([tensor])).rejects.toThrow(
      'input 0 of four must have shape f32[4], got [3]',
    )
    await executable.release()
  })

  test('of another runtime is refused', () => {
    const foreign = { type } as ResidentTensor
    expect(() => hostData(foreign)).toThrow(
      'a tensor f32[3] of another runtime was given to one that computes in host memory',
    )
  })
})
