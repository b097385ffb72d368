import { promises as fs } from 'node:fs'
import { basename, join } from 'node:path'
import { FormatError } from '#base'
import { readThrough, withSource } from './byte-source.ts'
import { readBytes, readFailure } from './read-file.ts'
import { tarMembers } from './tar.ts'

/** A file of a bundle. */
export interface BundleFile {
  readonly bytes: Uint8Array
  /** For errors: its path, or `ARCHIVE: NAME`. */
  readonly label: string
}

/** Largest content an archive may have. */
const largestArchive = 2 ** 33

/** Largest file read of one. */
const largestFile = 2 ** 29

/**
 * Names of what a folder holds; null if the path is a file.
 *
 * @throws MissingFileError if there is nothing.
 */
export async function listFolder(path: string): Promise<string[] | null> {
  try {
    const stat = await fs.stat(path)
    return stat.isDirectory() ? await fs.readdir(path) : null
  } catch (error) {
    throw readFailure(path, error)
  }
}

async function readArchive(
  path: string,
  names: ReadonlySet<string>,
): Promise<Map<string, BundleFile>> {
  const files = new Map<string, BundleFile>()
  await withSource(path, (source) =>
    readThrough(source, largestArchive, async (cursor) => {
      for await (const member of tarMembers(cursor, path)) {
        const name = basename(member.name)
        if (!names.has(name)) continue
        if (files.has(name)) throw new FormatError(path, `holds ${name} twice`, member.offset)
        if (member.size > largestFile) {
          const problem = `${name} must have at most ${largestFile} bytes, has ${member.size}`
          throw new FormatError(path, problem, member.offset)
        }
        files.set(name, { bytes: await member.read(), label: `${path}: ${name}` })
      }
    }),
  )
  return files
}

/**
 * Reads files that are published together: from a folder, from a folder in it, or from a `.tar` or
 * `.tar.gz` archive of any folders.
 *
 * @param options.names - What is read where it is there.
 * @param options.subfolders - Looked into if the folder itself has none of `names`.
 * @returns By name; empty if there is none.
 * @throws MissingFileError if there is nothing at `path`; FormatError if an archive is broken.
 */
export async function readBundle(
  path: string,
  options: { readonly names: readonly string[]; readonly subfolders: readonly string[] },
): Promise<Map<string, BundleFile>> {
  const { names, subfolders } = options
  const listed = await listFolder(path)
  if (listed === null) return readArchive(path, new Set(names))
  const folders = ['', ...subfolders.filter((folder) => listed.includes(folder))]
  for (const folder of folders) {
    const present = folder === '' ? listed : await listFolder(join(path, folder))
    const wanted = names.filter((name) => present?.includes(name) === true)
    if (wanted.length === 0) continue
    const files = new Map<string, BundleFile>()
    for (const name of wanted) {
      const label = join(path, folder, name)
      files.set(name, { bytes: await readBytes(label, largestFile), label })
    }
    return files
  }
  return new Map()
}
