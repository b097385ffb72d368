import { zipSync } from 'fflate'
import { FormatError } from '#base'
import type { NamedArrays } from './named-array.ts'
import { encodeNpy, parseNpy } from './npy.ts'
import { largestInflatedBytes } from './read-file.ts'
import { unpackZip } from './zip.ts'

const suffix = '.npy'

/**
 * Reads the arrays of NumPy's NPZ format: a ZIP archive of NPY files, stored or deflated.
 *
 * @param file - Named in errors, followed by the entry's name.
 * @throws FormatError if the archive or one of its arrays is not exactly that, or fails its checksum.
 */
export function parseNpz(
  bytes: Uint8Array,
  file: string,
  maxBytes = largestInflatedBytes,
): NamedArrays {
  const arrays: NamedArrays = new Map()
  for (const [entry, content] of unpackZip(bytes, file, maxBytes)) {
    if (!entry.endsWith(suffix)) {
      throw new FormatError(file, `entry ${JSON.stringify(entry)} is not an .npy array`)
    }
    arrays.set(entry.slice(0, -suffix.length), parseNpy(content, `${file}/${entry}`))
  }
  return arrays
}

/** Writes arrays as NPZ; equal arrays give equal bytes. Deflated unless `compress` is false. */
export function encodeNpz(
  arrays: ReadonlyMap<string, Parameters<typeof encodeNpy>[0]>,
  options: { readonly compress?: boolean } = {},
): Uint8Array {
  // A Map's names may be anything; `__proto__` needs an object without a prototype.
  const entries = Object.create(null) as Record<string, Uint8Array>
  for (const [name, array] of arrays) entries[`${name}${suffix}`] = encodeNpy(array)
  const level = options.compress === false ? 0 : 6
  return zipSync(entries, { level, mtime: '1980-01-01T12:00:00' })
}
