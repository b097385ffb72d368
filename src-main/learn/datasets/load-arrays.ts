import { FormatError, InputError } from '#base'
import type { NamedArray, NamedArrays } from './named-array.ts'
import { parseNpy } from './npy.ts'
import { parseNpz } from './npz.ts'
import { readBytes } from './read-file.ts'
import { parseSafetensors } from './safetensors.ts'

/**
 * The arrays of a `.npz` or `.safetensors` file; NaN and ±∞ are let through.
 *
 * @throws InputError if the name has another ending.
 * @throws MissingFileError or FormatError if the file is not what it should be.
 */
export async function loadArrays(path: string): Promise<NamedArrays> {
  if (path.endsWith('.npz')) return parseNpz(await readBytes(path), path)
  if (path.endsWith('.safetensors')) return parseSafetensors(await readBytes(path), path).arrays
  throw new InputError(path, `${path} must end in .npz or .safetensors`)
}

/**
 * The one array of a `.npy` file; NaN and ±∞ are let through.
 *
 * @throws MissingFileError or FormatError if the file is not what it should be.
 */
export async function loadArray(path: string): Promise<NamedArray> {
  return parseNpy(await readBytes(path), path)
}

/**
 * One array of a file.
 *
 * @throws FormatError naming the arrays that are there, if it is not among them.
 */
export function takeArray(arrays: NamedArrays, name: string, file: string): NamedArray {
  const array = arrays.get(name)
  if (array !== undefined) return array
  const found = [...arrays.keys()].slice(0, 20).join(', ')
  throw new FormatError(file, `has no array ${name}; it holds ${found === '' ? 'none' : found}`)
}
