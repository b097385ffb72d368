import { InputError } from '#base'

/**
 * Number types of an array as its file declares them. 16-bit floats are widened to `float32`, small
 * integers to `int32`, and all integers of 32 bits unsigned or more are called `int64`.
 */
export type ArrayDtype = 'float32' | 'float64' | 'int64' | 'int32' | 'uint8' | 'bool'

/** Flat storage; `int64` lies in a Float64Array of safe integers, `bool` in bytes 0 and 1. */
export type ArrayData = Float32Array | Float64Array | Int32Array | Uint8Array

/** A row-major array read from or written to a file. */
export interface NamedArray {
  readonly dtype: ArrayDtype
  readonly shape: readonly number[]
  readonly data: ArrayData
}

/** The arrays of one file by name, in the file's order. */
export type NamedArrays = Map<string, NamedArray>

/** How a value that is not finite is called in a message. */
const nameOf = (value: number): string => (Number.isNaN(value) ? 'NaN' : value > 0 ? '+∞' : '−∞')

/**
 * Refuses NaN and ±∞.
 *
 * @param name - What the array is called in its file, e.g. `x`.
 * @param file - Named in the message.
 * @throws InputError `NaN in x at row 17, column 3 of FILE`; rows and columns count from 0, and all
 *   axes but the first make one column index.
 */
export function checkFinite(array: NamedArray, name: string, file: string): void {
  if (array.dtype !== 'float32' && array.dtype !== 'float64') return
  const index = array.data.findIndex((value) => !Number.isFinite(value))
  if (index < 0) return
  const rows = array.shape[0] ?? 1
  const width = array.data.length / rows
  const row = Math.floor(index / width)
  const value = nameOf(array.data[index]!)
  throw new InputError(
    file,
    `${value} in ${name} at row ${row}, column ${index - row * width} of ${file}`,
  )
}
