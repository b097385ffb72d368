import { writeSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { createStream, fillNormal } from '#base'
import { createHessianOperator } from '#geometry/curvature'
import { fullyConnected, initializeParameters, lossProgram } from '#learn/models'
import { optimizerTransform } from '#learn/optimizers'
import { Trainer } from '#learn/training'
import { add, mul, traceProgram } from '#tensor/program'
import {
  chooseDevice,
  createOnnxRuntime,
  deviceProblem,
  surveyDevices,
  type Runtime,
} from '#tensor/runtime'
import { expectConformance } from '../../support/conformance.ts'
import { int32 } from '../../support/conformance/case.ts'
import { float32, largestError } from '../../support/programs.ts'

// A GPU, or software that imitates one; `.ci/run` sets the variable because it has brought such software.
const gpu = createOnnxRuntime({ device: 'webgpu' })
const cpu = createOnnxRuntime({ threads: 1 })
const problem = await deviceProblem(gpu)
const isExpected = process.env.SADDLE_EXPECTS_WEBGPU !== undefined
if (problem !== null && !isExpected) writeSync(2, `SKIPPED: the tests on WebGPU: ${problem}\n`)

afterAll(async () => {
  await gpu.release()
  await cpu.release()
})

test.runIf(isExpected)('WebGPU is there, as SADDLE_EXPECTS_WEBGPU says', () => {
  expect(problem).toBeNull()
})

const model = fullyConnected({
  widths: [6, 8, 4],
  activation: 'tanh',
  bias: true,
  targets: 'classes',
})
const { layout } = model
const batchSize = 12
const loss = lossProgram({ model, loss: 'cross-entropy', batchSize })

const normals = (size: number, name: string): Float32Array => {
  const data = new Float32Array(size)
  fillNormal(data, createStream(7, 'webgpu', name))
  return data
}

const batches = [0, 1, 2].map((b) => [
  normals(batchSize * 6, `x${b}`),
  Int32Array.from({ length: batchSize }, (_, row) => (row + b) % 4),
  new Float32Array(batchSize).fill(1 / (3 * batchSize)),
])

async function train(runtime: Runtime, steps: number) {
  const trainer = await Trainer.create({
    loss,
    layout,
    optimizer: optimizerTransform({ kind: 'adam', beta1: 0.9, beta2: 0.99, epsilon: 1e-8 }),
    initialParameters: initializeParameters(model, createStream(0, 'weights')),
    runtime,
  })
  const step = async (i: number): Promise<number> => {
    const context = { learningRate: 0.01, isObserved: false }
    return (await trainer.step(batches[i % 3]!, context)).loss
  }
  const losses: number[] = []
  for (let i = 0; i < steps; i += 1) losses.push(await step(i))
  const vectors = await trainer.read()
  const saved = { parameters: vectors.parameters.slice(), state: vectors.state.slice() }
  await trainer.restore({ ...vectors, ...saved })
  const next = await step(0)
  await trainer.release()
  return { losses: [...losses, next], ...saved }
}

async function multiply(runtime: Runtime, parameters: Float32Array, block: Float32Array) {
  const operator = await createHessianOperator({
    loss,
    layout,
    parameters,
    batches,
    rows: 3,
    runtime,
  })
  const products = new Float32Array(block.length)
  // Twice: what stays on the device between calls must be right the second time too.
  await operator.apply(block, 3, products)
  await operator.apply(block, 3, products)
  await operator.release()
  return products
}

describe.skipIf(problem !== null)(`WebGPU`, { timeout: 180_000 }, () => {
  test('computes every program of the conformance suite to 1e-4', async () => {
    await expectConformance(gpu, 1e-4)
  })

  test('trains as the processor does, parameters and state staying on the device', async () => {
    const [here, there] = [await train(cpu, 12), await train(gpu, 12)]
    expect(largestError(there.losses, here.losses)).toBeLessThan(1e-4)
    expect(largestError(there.parameters, here.parameters)).toBeLessThan(1e-4)
    expect(largestError(there.state, here.state)).toBeLessThan(1e-4)
  })

  test('multiplies a block by the Hessian over batches as the processor does', async () => {
    const parameters = initializeParameters(model, createStream(0, 'weights'))
    const block = normals(3 * layout.size, 'block')
    const here = await multiply(cpu, parameters, block)
    expect(largestError(await multiply(gpu, parameters, block), here)).toBeLessThan(1e-4)
  })

  test.each([
    ['float32', Float32Array.of(1.5, -2, 3)],
    ['int32', Int32Array.of(1, -2, 2 ** 30)],
    ['bool', Uint8Array.of(1, 0, 1)],
    ['float64', Float64Array.of(Math.PI, -1e-300, 3)],
  ] as const)('a tensor of %s goes there and comes back', async (dtype, data) => {
    const tensor = await gpu.upload(data, { dtype, shape: [3] })
    const changed = data.toReversed()
    expect(await tensor.read()).toEqual(data)
    await tensor.write(changed)
    const into = data.slice()
    expect(await tensor.read(into)).toBe(into)
    expect(into).toEqual(changed)
    await tensor.clear()
    expect([...(await tensor.read())]).toEqual([0, 0, 0])
    tensor.release()
  })

  test('a tensor is a copy there: what it was made of may change', async () => {
    const data = Float32Array.of(1, 2)
    const tensor = await gpu.upload(data, float32([2]))
    data.fill(0)
    expect([...(await tensor.read())]).toEqual([1, 2])
    tensor.release()
  })

  test('outputs stay where they were compiled to stay, and nowhere else', async () => {
    const type = float32([2])
    const program = traceProgram('pair', [type, type], ([x, y]) => [add(x!, y!), mul(x!, y!)])
    const executable = await gpu.compile(program, { residentOutputs: 1 })
    const [x, y] = [Float32Array.of(1, 2), Float32Array.of(3, 4)]
    const tensor = await gpu.upload(new Float32Array(2), type)
    const product = new Float32Array(2)
    await executable.run([x, y], [tensor, product])
    expect([...product]).toEqual([3, 8])
    // The result goes in again without leaving the device.
    await executable.run([tensor, y], [tensor, product])
    expect([...(await tensor.read())]).toEqual([7, 10])
    expect([...product]).toEqual([12, 24])
    await expect(executable.run([x, y], [product, tensor])).rejects.toThrow(
      'out0 of pair was compiled to stay on the device, so it must be given a resident tensor',
    )
    await expect(executable.run([x, y], [tensor, tensor])).rejects.toThrow(
      'out1 of pair was compiled to go to the host, so it must be given a buffer',
    )
    tensor.release()
    await executable.release()
  })

  test('a large result is written where the caller says, in every call', async () => {
    const type = float32([200, 200])
    const executable = await gpu.compile(traceProgram('large', [type], ([x]) => [add(x!, 1)]))
    const input = normals(200 * 200, 'large')
    const output = new Float32Array(input.length)
    for (let call = 0; call < 2; call += 1) {
      output.fill(0)
      await executable.run([input], [output])
      expect(output).toEqual(input.map((x) => x + 1))
    }
    await executable.release()
  })

  test('a tensor of the GPU is refused by the processor', async () => {
    const tensor = await gpu.upload(Int32Array.of(1), int32([1]))
    const executable = await cpu.compile(traceProgram('same', [int32([1])], ([x]) => [x!]))
    await expect(executable.run([tensor])).rejects.toThrow('of another runtime')
    tensor.release()
    await executable.release()
  })

  test('takes part in the measurement, and the faster one is chosen', async () => {
    const findings = await surveyDevices({ devices: ['cpu', 'webgpu'], limitMs: Infinity })
    const [first, second] = findings.toSorted((a, b) => a.medianMs! - b.medianMs!)
    expect(first!.medianMs).toBeGreaterThan(0)
    expect(second!.medianMs).toBeGreaterThan(0)
    expect(chooseDevice(findings).device).toBe(first!.device)
  })
})
