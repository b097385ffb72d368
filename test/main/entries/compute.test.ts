import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { InputError } from '#base'
import { knownDevices } from '#tensor/runtime'
import { checkCompute, openRuntime } from '../../../src-main/entries/compute.ts'
import { surveyCompute } from '../../../src-main/entries/compute-survey.ts'

/** A device that no ONNX Runtime for this platform has. */
const foreign = process.platform === 'darwin' ? 'dml' : 'coreml'

const hasTensorflow = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'].some((name) => {
  try {
    createRequire(import.meta.url).resolve(name)
    return true
  } catch {
    return false
  }
})

describe('surveyCompute', () => {
  test('tries every known device and finds the processor', async () => {
    const { devices } = await surveyCompute(knownDevices())
    expect(devices.map(({ device }) => device).sort()).toEqual(knownDevices().sort())
    expect(devices.find(({ device }) => device === 'cpu')?.problem).toBeNull()
  })

  test('survives a driver that ends the process, and tries the others without it', async () => {
    const script = join(import.meta.dirname, 'crashing-survey.ts')
    const { devices } = await surveyCompute(['cpu', 'webgpu', 'cuda'], script)
    expect(devices).toEqual([
      { device: 'cpu', problem: null, medianMs: null, remark: null },
      { device: 'cuda', problem: null, medianMs: null, remark: null },
      {
        device: 'webgpu',
        problem: 'trying it ended the process (SIGABRT)',
        medianMs: null,
        remark: null,
      },
    ])
  })
})

describe('openRuntime', () => {
  test('gives the processor on request, with its name and version', async () => {
    const runtime = await openRuntime({ runtime: 'onnx', device: 'cpu' }, { threads: 1 })
    expect(runtime.device).toBe('cpu')
    expect(runtime.name).toMatch(/^onnxruntime-node \d+\.\d+\.\d+$/)
  })

  test('keeps under auto the device that a run began on', async () => {
    const runtime = await openRuntime(
      { runtime: 'onnx', device: 'auto' },
      { threads: 1, earlierDevice: 'cpu' },
    )
    expect(runtime.device).toBe('cpu')
  })

  const wanted = { runtime: 'onnx', device: foreign } as const
  test.each([
    ['openRuntime', () => openRuntime(wanted)],
    ['checkCompute', () => checkCompute(wanted)],
  ])('a device that is not there is an error that names what is: %s', async (_, work) => {
    const error = await work().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(InputError)
    expect((error as InputError).message).toMatch(
      new RegExp(`^there is no device ${foreign} here \\(.+\\); there is cpu(, \\w+)*$`),
    )
  })

  test('what every machine has is not tried', async () => {
    await checkCompute({ runtime: 'onnx', device: 'auto' })
    await checkCompute({ runtime: 'onnx', device: 'cpu' })
  })

  test.skipIf(hasTensorflow).each([
    ['openRuntime', openRuntime],
    ['checkCompute', checkCompute],
  ])('without its package the runtime tensorflow is refused by name: %s', async (_, work) => {
    await expect(work({ runtime: 'tensorflow', device: 'auto' })).rejects.toThrow(
      /^the runtime tensorflow is not installed \(npm install @tensorflow\/tfjs-node-gpu/,
    )
  })
})
