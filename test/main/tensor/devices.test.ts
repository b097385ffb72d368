import { describe, expect, test } from 'vitest'
import {
  chooseDevice,
  knownDevices,
  surveyDevices,
  type DeviceFinding,
  type OnnxDevice,
} from '#tensor/runtime'

const finding = (device: OnnxDevice, rest: Partial<DeviceFinding> = {}): DeviceFinding => ({
  device,
  problem: null,
  medianMs: null,
  remark: null,
  ...rest,
})

describe('chooseDevice', () => {
  test('takes the fastest and says what was measured', () => {
    const chosen = chooseDevice([
      finding('cpu', { medianMs: 2.04 }),
      finding('webgpu', { medianMs: 0.51 }),
      finding('cuda', { problem: 'no library' }),
    ])
    expect(chosen).toEqual({
      device: 'webgpu',
      reason:
        'fastest by measurement (gradient of an MLP 256-256-256-10, batch 256: webgpu 0.51 ms, cpu 2.0 ms)',
    })
  })

  test('takes the processor where nothing else is usable', () => {
    expect(chooseDevice([finding('cpu'), finding('webgpu', { problem: 'none' })])).toEqual({
      device: 'cpu',
      reason: 'the only device',
    })
  })

  test('takes the processor before software that imitates a GPU, and says so', () => {
    const remark = 'a software device: 90 ms for a product of two 256×256 matrices'
    expect(chooseDevice([finding('cpu'), finding('webgpu', { remark })])).toEqual({
      device: 'cpu',
      reason: `webgpu is ${remark}`,
    })
  })
})

describe('surveyDevices', () => {
  test('measures nothing where there is only the processor', async () => {
    const tried: OnnxDevice[] = []
    const findings = await surveyDevices({
      devices: ['cpu'],
      onTry: (device) => tried.push(device),
    })
    expect(findings).toEqual([finding('cpu')])
    expect(tried).toEqual(['cpu'])
  })

  test('says in the library’s words why a device cannot be used', async () => {
    const foreign = process.platform === 'darwin' ? 'dml' : 'coreml'
    const [cpu, other] = await surveyDevices({ devices: ['cpu', foreign] })
    expect(cpu).toEqual(finding('cpu'))
    expect(other?.problem).toMatch(new RegExp(`'?${foreign}`))
  })
})

test('the processor is always known', () => {
  expect(knownDevices()[0]).toBe('cpu')
})
