import { InputError } from '#base'
import { checkFinite, type NamedArray } from './named-array.ts'

/** An array with where it comes from. */
export interface LocatedArray {
  readonly name: string
  readonly file: string
  readonly array: NamedArray
}

/** Where an entry stands: rows and columns count from 0, and all axes but the first make one column. */
function placeOf({ name, file, array }: LocatedArray, index: number): string {
  const width = array.data.length / array.shape[0]!
  const row = Math.floor(index / width)
  const column = width === 1 ? '' : `, column ${index - row * width}`
  return `in ${name} at row ${row}${column} of ${file}`
}

/**
 * Float32 values of an array.
 *
 * @throws InputError naming array, row, column and file, at what is not finite before or after rounding.
 */
export function finiteValues(located: LocatedArray): Float32Array {
  const { name, file, array } = located
  checkFinite(array, name, file)
  if (array.data instanceof Float32Array) return array.data
  const data = Float32Array.from(array.data)
  const index = data.findIndex((value) => !Number.isFinite(value))
  if (index >= 0) {
    throw new InputError(file, `${array.data[index]!} ${placeOf(located, index)} is beyond float32`)
  }
  return data
}

/**
 * Integers 0…limit − 1 of an array of any type.
 *
 * @param what - What each is called in errors, e.g. `label`.
 * @throws InputError naming array, row, column and file, at anything else.
 */
export function integerValues(located: LocatedArray, what: string, limit: number): Int32Array {
  const { file, array } = located
  const index = array.data.findIndex(
    (value) => !(Number.isInteger(value) && value >= 0 && value < limit),
  )
  if (index >= 0) {
    const problem = `${what} must be an integer in 0…${limit - 1}, got ${array.data[index]!}`
    throw new InputError(file, `${problem} ${placeOf(located, index)}`)
  }
  return Int32Array.from(array.data)
}
