import { existsSync, statSync } from 'node:fs'
import { dirname, extname, resolve } from 'node:path'
import { UsageError, type CliIo } from './io.ts'

/**
 * Where `--out` points, checked before any work.
 *
 * @param endings - Allowed ones, e.g. `.html`.
 * @throws UsageError if the ending is another, the folder is not there, or a folder has the name.
 */
export function outFile({ cwd }: CliIo, out: string, endings: readonly string[]): string {
  const path = resolve(cwd, out)
  if (!endings.includes(extname(path).toLowerCase())) {
    throw new UsageError(`--out must end in ${endings.join(' or ')}, got ${out}`)
  }
  if (!existsSync(dirname(path))) throw new UsageError(`folder not found: ${dirname(path)}`)
  if (existsSync(path) && statSync(path).isDirectory()) {
    throw new UsageError(`--out must be a file, ${out} is a folder`)
  }
  return path
}
