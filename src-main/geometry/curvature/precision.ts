import { invariant, ShapeError } from '#base'
import { float64Space, type Vector } from '#geometry/operators'
import type { TensorData } from '#tensor/dense'
import type { Program } from '#tensor/program'
import { onnxRuntime, type Runtime } from '#tensor/runtime'
import { widenProgram } from '#tensor/transforms'
import { createNativeSpace, type NativeSpace, type NativeSpaceOptions } from './native-space.ts'

/** Arithmetic of a measurement: float32 as in training, or float64, several times slower, as the oracle. */
export type Precision = 'float32' | 'float64'

/** The arithmetic that parameters of a type ask for. */
export const precisionOf = (parameters: Vector): Precision =>
  parameters instanceof Float64Array ? 'float64' : 'float32'

/** A zero buffer. */
export const allocateVector = (precision: Precision, size: number): Vector =>
  precision === 'float64' ? new Float64Array(size) : new Float32Array(size)

/** Programs are written in float32; in float64 they are widened. */
export const inPrecision = (program: Program, precision: Precision): Program =>
  precision === 'float64' ? widenProgram(program) : program

/** Batches in the arithmetic's number type; float32 numbers stay what they are. */
export const batchesInPrecision = (
  batches: readonly (readonly TensorData[])[],
  precision: Precision,
): readonly (readonly TensorData[])[] =>
  precision === 'float32'
    ? batches
    : batches.map((batch) =>
        batch.map((data) => (data instanceof Float32Array ? Float64Array.from(data) : data)),
      )

/** float64 is what the processor alone computes in. */
export const runtimeFor = (precision: Precision, runtime = onnxRuntime()): Runtime =>
  precision === 'float64' ? onnxRuntime() : runtime

/** The algebra of vectors of an arithmetic. */
export function createSpace(
  size: number,
  precision: Precision,
  runtime: Runtime,
  options: NativeSpaceOptions | undefined,
): Promise<NativeSpace> {
  return precision === 'float32'
    ? createNativeSpace(size, runtime, options)
    : Promise.resolve({ ...float64Space(size), release: () => Promise.resolve() })
}

/**
 * Checks a block that an operator was given.
 *
 * @throws ShapeError if it is too short.
 */
export function checkBlock(
  name: string,
  block: Vector,
  rows: number,
  size: number,
  precision: Precision,
): void {
  invariant(precisionOf(block) === precision, `an operator in ${precision} takes such vectors`)
  if (block.length < rows * size) throw new ShapeError(name, `[${rows}, ${size}]`, [block.length])
}
