import { InputError } from '#base'
import type { ComputeDescription } from '#hosts/cli'
import type { ComputeRequest } from '#shared/schemas'
import {
  chooseDevice,
  createOnnxRuntime,
  describeRuntime,
  deviceProblem,
  knownDevices,
  type DeviceFinding,
  type Runtime,
} from '#tensor/runtime'
import { surveyCompute } from './compute-survey.ts'

/** How {@link openRuntime} goes about it. */
export interface OpenRuntimeOptions {
  /** Threads within one native operator; 0 lets the runtime choose, one a core. */
  readonly threads?: number
  /** A device that `auto` keeps if it is still there, so that a run goes on where it began. */
  readonly earlierDevice?: string | null
}

/**
 * The runtime that a request wants. `auto` measures the devices that are there, in a process of its own; with only the
 * processor nothing is measured.
 *
 * @throws InputError naming what is not there and what is.
 */
export async function openRuntime(
  { runtime, device }: ComputeRequest,
  options: OpenRuntimeOptions = {},
): Promise<Runtime> {
  const { threads = 0 } = options
  if (runtime === 'tensorflow') return openTensorflow(device)
  if (device === 'cpu') return createOnnxRuntime({ threads, device })
  if (device === 'auto') {
    const { devices } = await surveyCompute(knownDevices())
    const earlier = devices.find((finding) => finding.device === options.earlierDevice)
    return createOnnxRuntime({
      threads,
      device: earlier?.problem === null ? earlier.device : chooseDevice(devices).device,
    })
  }
  if (knownDevices().includes(device)) {
    const opened = createOnnxRuntime({ threads, device })
    const problem = await deviceProblem(opened)
    if (problem === null) return opened
  }
  const { devices } = await surveyCompute([...new Set([...knownDevices(), device])])
  throw deviceMissing(device, devices)
}

/**
 * Refuses a request that cannot be had on this machine, without loading anything into this process.
 *
 * @throws InputError naming what is not there and what is.
 */
export async function checkCompute({ runtime, device }: ComputeRequest): Promise<void> {
  if (runtime === 'tensorflow') {
    const { tensorflow } = await surveyCompute(['tensorflow'])
    if (tensorflow === null) throw tensorflowMissing()
    if ('problem' in tensorflow) throw new InputError('runtime', tensorflow.problem)
    checkTensorflowDevice(tensorflow.device, device)
    return
  }
  if (device === 'auto' || device === 'cpu') return
  const { devices } = await surveyCompute(knownDevices())
  const isThere = devices.some((finding) => finding.device === device && finding.problem === null)
  if (!isThere) throw deviceMissing(device, devices)
}

/** All that can compute here, for `doctor`. */
export async function describeCompute(): Promise<ComputeDescription> {
  const { name, version } = describeRuntime()
  const { devices, tensorflow } = await surveyCompute([...knownDevices(), 'tensorflow'])
  return {
    library: `${name} ${version}`,
    devices: devices.map(({ device, problem }) => ({ name: device, problem })),
    chosen: chooseDevice(devices),
    tensorflow,
  }
}

async function openTensorflow(device: ComputeRequest['device']): Promise<Runtime> {
  const { loadTensorflow } = await import('#tensor/tensorflow')
  const runtime = await loadTensorflow()
  if (runtime === null) throw tensorflowMissing()
  checkTensorflowDevice(runtime.device, device)
  return runtime
}

function checkTensorflowDevice(there: string, wanted: ComputeRequest['device']): void {
  if (wanted === 'auto' || wanted === there) return
  throw new InputError(
    'device',
    `there is no device ${wanted} for the installed TensorFlow.js; it computes on ${there}`,
  )
}

function deviceMissing(device: string, devices: readonly DeviceFinding[]): InputError {
  const there = devices.filter(({ problem }) => problem === null).map((finding) => finding.device)
  const problem = devices.find((finding) => finding.device === device)?.problem
  const why = problem ?? `ONNX Runtime for ${process.platform} has no provider for it`
  return new InputError(
    'device',
    `there is no device ${device} here (${why}); there is ${there.join(', ')}`,
  )
}

const tensorflowMissing = (): InputError =>
  new InputError(
    'runtime',
    'the runtime tensorflow is not installed (npm install @tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node); there is onnx',
  )
