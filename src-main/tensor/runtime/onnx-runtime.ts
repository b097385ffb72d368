import type { Program } from '#tensor/program'
import { createOnnxBlockAlgebra } from './block-algebra.ts'
import { compileOnnx } from './executable.ts'
import type { Executable, Runtime } from './runtime.ts'
import { describeRuntime, type SessionOptions } from './session.ts'

/** ONNX Runtime on the processor. */
export function createOnnxRuntime(options: SessionOptions = {}): Runtime {
  const { name, version } = describeRuntime()
  return {
    name: `${name} ${version}`,
    device: 'cpu',
    compile: (program) => compileOnnx(program, options),
    createBlockAlgebra: (size) => createOnnxBlockAlgebra(size, options),
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
