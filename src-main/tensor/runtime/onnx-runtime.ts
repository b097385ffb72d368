import type { Program } from '#tensor/program'
import { createOnnxBlockAlgebra } from './block-algebra.ts'
import { compileOnnx } from './executable.ts'
import { GpuTensor, GpuTransfer, staysOnGpu } from './gpu-tensor.ts'
import { HostTensor } from './host-tensor.ts'
import type { Executable, Runtime } from './runtime.ts'
import { SessionCache, type SessionStatistics } from './session-cache.ts'
import { describeRuntime, type OnnxDevice, type SessionOptions } from './session.ts'

/** How {@link createOnnxRuntime} computes. */
export type OnnxRuntimeOptions = Omit<SessionOptions, 'cache'>

/** ONNX Runtime on one device; sessions of equal models are shared and kept for a while. */
export interface OnnxRuntime extends Runtime {
  readonly device: OnnxDevice
  statistics(): SessionStatistics
  /** Frees what it keeps; executables that are not released live on. */
  release(): Promise<void>
}

/**
 * ONNX Runtime on a device of this machine; whether it is there shows when a program is compiled.
 *
 * On WebGPU resident tensors stay in the device's memory. The other GPU providers read and write host memory at
 * each call, because the Node.js binding keeps tensors on a WebGPU device only. Block algebra
 * works on vectors of the host and so runs on the processor, whatever the device.
 */
export function createOnnxRuntime(options: OnnxRuntimeOptions = {}): OnnxRuntime {
  const { name, version } = describeRuntime()
  const { device = 'cpu' } = options
  const cache = new SessionCache()
  const sessions: SessionOptions = { ...options, cache }
  const transfer = new GpuTransfer(sessions)
  return {
    name: `${name} ${version}`,
    device,
    sharesHostMemory: device !== 'webgpu',
    compile: (program, how) => compileOnnx(program, sessions, how),
    upload: async (data, type) => {
      if (device !== 'webgpu' || !staysOnGpu(type.dtype)) return new HostTensor(data, type)
      const tensor = new GpuTensor(transfer, type)
      await tensor.write(data)
      return tensor
    },
    createBlockAlgebra: (size) => createOnnxBlockAlgebra(size, { ...sessions, device: 'cpu' }),
    statistics: () => cache.statistics(),
    release: async () => {
      await transfer.release()
      await cache.clear()
    },
  }
}

let shared: Runtime | null = null

/** The runtime that is used where none is named: ONNX Runtime on all cores of the processor. */
export function onnxRuntime(): Runtime {
  shared ??= createOnnxRuntime()
  return shared
}

/** Compiles for the runtime that is used where none is named. */
export const compileProgram = (program: Program): Promise<Executable> =>
  onnxRuntime().compile(program)
