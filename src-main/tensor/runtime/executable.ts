import { ShapeError } from '#base'
import { sizeOf, type Dtype, type TensorData } from '#tensor/dense'
import { formatType, type Program, type ValueType } from '#tensor/program'
import { lowerProgram } from './lowering.ts'
import type { Executable } from './runtime.ts'
import { createSession, type Argument, type SessionOptions } from './session.ts'

/** A zero buffer for a value. */
export function allocateTensor(type: ValueType): TensorData {
  const size = sizeOf(type.shape)
  const make: Record<Dtype, () => TensorData> = {
    float32: () => new Float32Array(size),
    float64: () => new Float64Array(size),
    int32: () => new Int32Array(size),
    bool: () => new Uint8Array(size),
  }
  return make[type.dtype]()
}

function argumentsOf(
  prefix: string,
  program: Program,
  types: readonly ValueType[],
  buffers: readonly TensorData[],
): Record<string, Argument> {
  if (buffers.length !== types.length) {
    throw new ShapeError(`${prefix}puts of ${program.name}`, `[${types.length}]`, [buffers.length])
  }
  return Object.fromEntries(
    types.map((type, i) => {
      const data = buffers[i]!
      if (data.length !== sizeOf(type.shape)) {
        throw new ShapeError(`${prefix}put ${i} of ${program.name}`, formatType(type), [
          data.length,
        ])
      }
      return [`${prefix}${i}`, { data, shape: type.shape }]
    }),
  )
}

/** Lowers a program to ONNX and loads it. */
export async function compileOnnx(program: Program, options: SessionOptions): Promise<Executable> {
  const session = await createSession(lowerProgram(program).encode(program.name), options)
  const inputTypes = program.inputs.map((variable) => variable.type)
  const outputTypes = program.outputs.map((variable) => variable.type)
  return {
    program,
    run: async (inputs, outputs = outputTypes.map(allocateTensor)) => {
      await session.run(
        argumentsOf('in', program, inputTypes, inputs),
        argumentsOf('out', program, outputTypes, outputs),
      )
      return outputs
    },
    release: () => session.release(),
  }
}
