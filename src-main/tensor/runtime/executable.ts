import { InputError, ShapeError } from '#base'
import { sizeOf } from '#tensor/dense'
import { formatType, operationsOf, type Program, type ValueType } from '#tensor/program'
import { allocateTensor, bytesOf } from './allocate-tensor.ts'
import { findChannelBlock } from './channel-block.ts'
import { GpuTensor, staysOnGpu } from './gpu-tensor.ts'
import { hostData } from './host-tensor.ts'
import { webgpuRules } from './lowering-webgpu.ts'
import { lowerProgram, type LoweringOptions } from './lowering.ts'
import type { CompileOptions, Executable, TensorInput } from './runtime.ts'
import { createSession, DeviceBuffer, type Argument, type SessionOptions } from './session.ts'

function argumentsOf(
  prefix: string,
  program: Program,
  types: readonly ValueType[],
  values: readonly TensorInput[],
  isWebgpu: boolean,
): Record<string, Argument> {
  if (values.length !== types.length) {
    throw new ShapeError(`${prefix}puts of ${program.name}`, `[${types.length}]`, [values.length])
  }
  return Object.fromEntries(
    types.map((type, i) => {
      const value = values[i]!
      const isOnGpu = isWebgpu && value instanceof GpuTensor
      const data = isOnGpu ? value.buffer : hostData(value)
      const size = isOnGpu ? sizeOf(value.type.shape) : hostData(value).length
      if (size !== sizeOf(type.shape)) {
        throw new ShapeError(`${prefix}put ${i} of ${program.name}`, formatType(type), [size])
      }
      return [`${prefix}${i}`, { data, shape: type.shape }]
    }),
  )
}

/** Bound on the memory of a program's intermediate values. */
const workspaceBytes = (program: Program): number =>
  program.equations.reduce((bytes, { output }) => bytes + bytesOf(output.type), 0)

const isWide = ({ inputs, equations }: Program): boolean =>
  [...inputs, ...equations.map(({ output }) => output)].some(({ type }) => type.dtype === 'float64')

/**
 * Operations of the largest equation up to which a program runs on one thread: below, handing work to a second
 * one costs more than it saves (measured on perceptrons of widths 64 and 128, on 2 cores).
 */
const largestForOneThread = 3e6

/** Threads for a program where the runtime may choose; the same for equal programs, so results stay the same too. */
const threadsFor = (program: Program, { threads = 0, device = 'cpu' }: SessionOptions): number =>
  threads === 0 &&
  device === 'cpu' &&
  program.equations.every((equation) => operationsOf(equation) <= largestForOneThread)
    ? 1
    : threads

/** What a session asks of the graph it is given. */
async function loweringFor(
  program: Program,
  { device = 'cpu' }: SessionOptions,
): Promise<LoweringOptions> {
  if (device === 'webgpu') return { deviceRules: webgpuRules }
  const hasConvolutions = program.equations.some(({ primitive }) => primitive === 'conv')
  return { channelBlock: device === 'cpu' && hasConvolutions ? await findChannelBlock() : null }
}

/** Lowers a program to ONNX and loads it. */
export async function compileOnnx(
  program: Program,
  options: SessionOptions,
  { residentOutputs = 0 }: CompileOptions = {},
): Promise<Executable> {
  const inputTypes = program.inputs.map((variable) => variable.type)
  const outputTypes = program.outputs.map((variable) => variable.type)
  const isWebgpu = options.device === 'webgpu'
  const resident = isWebgpu
    ? outputTypes.flatMap(({ dtype }, i) =>
        i < residentOutputs && staysOnGpu(dtype) ? [`out${i}`] : [],
      )
    : []
  const model = lowerProgram(program, await loweringFor(program, options)).encode(program.name)
  const session = await createSession(
    model,
    { ...options, threads: threadsFor(program, options), isWide: isWide(program) },
    resident,
    workspaceBytes(program),
  )

  async function run(
    inputs: readonly TensorInput[],
    outputs: readonly TensorInput[] = outputTypes.map(allocateTensor),
  ): Promise<readonly TensorInput[]> {
    const results = argumentsOf('out', program, outputTypes, outputs, isWebgpu)
    for (const [name, { data }] of Object.entries(results)) {
      const isOnDevice = data instanceof DeviceBuffer
      if (isOnDevice !== resident.includes(name)) {
        throw new InputError(
          name,
          `${name} of ${program.name} was compiled to ${isOnDevice ? 'go to the host' : 'stay on the device'}, so it must be given a ${isOnDevice ? 'buffer' : 'resident tensor'}`,
        )
      }
    }
    await session.run(argumentsOf('in', program, inputTypes, inputs, isWebgpu), results)
    return outputs
  }
  return {
    program,
    // The outputs that are returned are those that were given.
    run: run as Executable['run'],
    release: () => session.release(),
  }
}
