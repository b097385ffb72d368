import { createStream, fillNormal } from '#base'
import { sizeOf, type TensorData } from '#tensor/dense'
import { traceProgram, type Program, type Tracer, type ValueType } from '#tensor/program'

/** One program with inputs, which every runtime must evaluate as the float64 interpreter does. */
export interface ConformanceCase {
  readonly name: string
  readonly program: Program
  readonly inputs: readonly TensorData[]
}

export interface InputOptions {
  /** Standard deviation of float32 inputs. */
  readonly scale?: number
  /** int32 inputs are indices below this. */
  readonly indexExtent?: number
  /** Whether float32 inputs are made positive. */
  readonly isPositive?: boolean
}

export const int32 = (shape: readonly number[]): ValueType => ({ dtype: 'int32', shape })

function inputOf(type: ValueType, position: number, options: InputOptions): TensorData {
  const { scale = 0.5, indexExtent = 3, isPositive = false } = options
  const size = sizeOf(type.shape)
  // A step prime to the extents: every index comes, some of them twice.
  if (type.dtype === 'int32')
    return Int32Array.from({ length: size }, (_, i) => (5 * i + 2) % indexExtent)
  const data = new Float32Array(size)
  fillNormal(data, createStream(31, 'conformance', position))
  return data.map((x) => scale * (isPositive ? Math.abs(x) : x))
}

/** A case of a program already made, with seeded normal inputs. */
export const caseOf = (
  name: string,
  program: Program,
  options: InputOptions = {},
): ConformanceCase => ({
  name,
  program,
  inputs: program.inputs.map(({ type }, i) => inputOf(type, i, options)),
})

/** A case of a function of arrays. */
export const traced = (
  name: string,
  types: readonly ValueType[],
  define: (inputs: readonly Tracer[]) => readonly Tracer[],
  options: InputOptions = {},
): ConformanceCase => caseOf(name, traceProgram(name, types, define), options)
