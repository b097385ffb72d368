import { monotonicMs } from '#base'
import { sizeOf } from '#tensor/dense'
import {
  matmul,
  mul,
  reduceSum,
  tanh,
  traceProgram,
  type Program,
  type ValueType,
} from '#tensor/program'
import { gradient } from '#tensor/transforms'
import { knownDevices, type DeviceFinding } from './devices.ts'
import { createOnnxRuntime, type OnnxRuntime } from './onnx-runtime.ts'
import type { Executable, ResidentTensor } from './runtime.ts'
import type { OnnxDevice } from './session.ts'

/** Timed runs of a device. */
const rounds = 5

/**
 * A device that needs longer for one product of two 256×256 matrices computes less than 2 GFLOP/s: no GPU, but software that
 * imitates one. Its shaders take half a second each to compile, so it is not let into the race.
 */
const screeningMs = 20

/** How {@link surveyDevices} goes about it. */
export interface SurveyOptions {
  /** @default all that the library knows */
  readonly devices?: readonly OnnxDevice[]
  /** Told of each device before it is touched: a driver may end the process. */
  readonly onTry?: (device: OnnxDevice) => void
  /** Slowest product of two 256×256 matrices that lets a GPU into the race, in milliseconds. @default 20 */
  readonly limitMs?: number
}

const float32 = (shape: readonly number[]): ValueType => ({ dtype: 'float32', shape })

const screeningProgram = (): Program =>
  traceProgram('device-screening', [float32([256, 256]), float32([256, 256])], ([a, b]) => [
    matmul(a!, b!),
  ])

function mlpGradient(): Program {
  const types = [
    [256, 256],
    [256, 256],
    [256, 10],
    [256, 256],
  ].map(float32)
  const loss = traceProgram('device-measurement', types, ([first, second, third, x]) => {
    const hidden = tanh(matmul(tanh(matmul(x!, first!)), second!))
    const result = matmul(hidden, third!)
    return [reduceSum(mul(result, result))]
  })
  return gradient(loss, [0, 1, 2])
}

/** A program loaded on a device, its tensors in place as a training step would have them. */
class Contestant {
  readonly #executable: Executable
  readonly #inputs: readonly ResidentTensor[]
  readonly #outputs: readonly ResidentTensor[]

  private constructor(
    executable: Executable,
    inputs: readonly ResidentTensor[],
    outputs: readonly ResidentTensor[],
  ) {
    this.#executable = executable
    this.#inputs = inputs
    this.#outputs = outputs
  }

  /** @throws Error with the library's words if the device is not there. */
  static async create(runtime: OnnxRuntime, program: Program): Promise<Contestant> {
    const executable = await runtime.compile(program, { residentOutputs: program.outputs.length })
    const upload = async (variables: Program['inputs']): Promise<ResidentTensor[]> => {
      const tensors: ResidentTensor[] = []
      for (const { type } of variables) {
        const data = Float32Array.from({ length: sizeOf(type.shape) }, (_, i) => Math.sin(i) / 16)
        tensors.push(await runtime.upload(data, type))
      }
      return tensors
    }
    return new Contestant(executable, await upload(program.inputs), await upload(program.outputs))
  }

  /** Runs once and waits for a result: a GPU answers a call before it has computed. */
  async run(): Promise<number> {
    const started = monotonicMs()
    await this.#executable.run(this.#inputs, this.#outputs)
    await this.#outputs.at(-1)!.read()
    return monotonicMs() - started
  }

  async release(): Promise<void> {
    for (const tensor of [...this.#inputs, ...this.#outputs]) tensor.release()
    await this.#executable.release()
  }
}

/**
 * Tries devices and times them: a small program, in turns. With only the processor there nothing is timed.
 *
 * Cost: less than a second a GPU.
 */
export async function surveyDevices(options: SurveyOptions = {}): Promise<DeviceFinding[]> {
  const { devices = knownDevices(), onTry = () => {}, limitMs = screeningMs } = options
  const runtimes = new Map(devices.map((device) => [device, createOnnxRuntime({ device })]))
  const findings = new Map<OnnxDevice, DeviceFinding>()
  const note = (device: OnnxDevice, what: Partial<DeviceFinding>): void => {
    const before = findings.get(device) ?? { device, problem: null, medianMs: null, remark: null }
    findings.set(device, { ...before, ...what })
  }
  for (const [device, runtime] of runtimes) {
    onTry(device)
    note(device, await screen(runtime, limitMs))
  }
  const usable = [...runtimes].filter(([device]) => {
    const { problem, remark } = findings.get(device)!
    return problem === null && remark === null
  })
  if (usable.length > 1) {
    const measured = await race(usable, onTry)
    for (const [device, what] of measured) note(device, what)
  }
  for (const runtime of runtimes.values()) await runtime.release()
  return [...findings.values()]
}

/** Why a runtime's device cannot be used; null if it can. */
export async function deviceProblem(runtime: OnnxRuntime): Promise<string | null> {
  try {
    const executable = await runtime.compile(screeningProgram())
    await executable.release()
    return null
  } catch (error) {
    return firstLine(error)
  }
}

/** Whether a device computes, and fast enough to be measured. */
async function screen(runtime: OnnxRuntime, limitMs: number): Promise<Partial<DeviceFinding>> {
  try {
    const contestant = await Contestant.create(runtime, screeningProgram())
    await contestant.run() // compiles shaders
    const ms = await contestant.run()
    await contestant.release()
    if (runtime.device === 'cpu' || ms < limitMs) return {}
    const remark = `a software device: ${ms.toPrecision(2)} ms for a product of two 256×256 matrices`
    return { remark }
  } catch (error) {
    return { problem: firstLine(error) }
  }
}

/** Lets devices run the measured program in turns; the first run of each does not count. */
async function race(
  runtimes: readonly (readonly [OnnxDevice, OnnxRuntime])[],
  onTry: (device: OnnxDevice) => void,
): Promise<Map<OnnxDevice, Partial<DeviceFinding>>> {
  const contestants = new Map<OnnxDevice, Contestant>()
  const timesMs = new Map<OnnxDevice, number[]>()
  const results = new Map<OnnxDevice, Partial<DeviceFinding>>()
  for (let round = -1; round < rounds; round += 1) {
    for (const [device, runtime] of runtimes.filter(([name]) => !results.has(name))) {
      onTry(device)
      try {
        const contestant =
          contestants.get(device) ?? (await Contestant.create(runtime, mlpGradient()))
        contestants.set(device, contestant)
        const ms = await contestant.run()
        if (round >= 0) timesMs.set(device, [...(timesMs.get(device) ?? []), ms])
      } catch (error) {
        results.set(device, { problem: firstLine(error) })
      }
    }
  }
  for (const contestant of contestants.values()) await contestant.release()
  for (const [device, times] of timesMs) {
    if (!results.has(device)) results.set(device, { medianMs: median(times) })
  }
  return results
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

/** The library's words without the place in its source where it said them. */
const firstLine = (error: unknown): string => {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).trim().split('\n')
  return line.replace(/^\/\S+:\d+ .* was false\. /, '')
}
