import { FormatError } from '#base'
import type { NamedArray } from './named-array.ts'
import { parseNpy } from './npy.ts'
import { parseNpz } from './npz.ts'
import { readBytes } from './read-file.ts'
import { parseSafetensors } from './safetensors.ts'

/**
 * Reads named arrays from a .npz or .safetensors file, told apart by the ending.
 *
 * @throws MissingFileError, or FormatError naming file and problem.
 */
export async function readArrays(path: string): Promise<Map<string, NamedArray>> {
  if (path.endsWith('.npz')) return parseNpz(await readBytes(path), path)
  if (path.endsWith('.safetensors')) return parseSafetensors(await readBytes(path), path).arrays
  throw new FormatError(path, 'must end in .npz or .safetensors')
}

/**
 * Reads one vector from a .npy file.
 *
 * @throws MissingFileError, or FormatError naming file and problem.
 */
export async function readVector(path: string): Promise<NamedArray> {
  return parseNpy(await readBytes(path), path)
}
