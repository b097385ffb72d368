import { readFile, stat } from 'node:fs/promises'
import { dirname, isAbsolute, resolve } from 'node:path'
import { ApiError } from '#shared/errors'
import { experimentSchema, explainSpecError } from '#shared/schemas'
import { UsageError, type CliIo } from './io.ts'
import { parseJsonText } from './json-text.ts'
import { applyAssignments, parseAssignment } from './set-values.ts'

/**
 * Refuses a wrong spec before a store is opened, or made, for it.
 *
 * @throws ApiError `invalid-spec` naming every bad key; UsageError naming a data file that is absent.
 */
export async function checkSpec(spec: unknown): Promise<void> {
  const parsed = experimentSchema.safeParse(spec)
  if (!parsed.success) {
    const problems = explainSpecError(parsed.error, spec)
    const message = problems.map((problem) => problem.message).join('; ')
    throw new ApiError('invalid-spec', message, { problems })
  }
  const { data } = parsed.data
  if (data.kind === 'file' && !(await isFile(data.path))) {
    throw new UsageError(`data.path: file not found: ${data.path}`)
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

/** What a command line says about a spec. */
export interface SpecArguments {
  /** Path, `-` for stdin, undefined for the defaults. */
  readonly file: string | undefined
  readonly set: readonly string[]
  readonly seeds: readonly number[]
}

/**
 * The spec that a command line asks for, unchecked: file, then `--set`, then `--seed`.
 *
 * A relative `data.path` is meant from the place where it was written: the file's folder, or the
 * working folder for stdin and `--set`.
 *
 * @throws UsageError naming the file, and line and column of broken JSON.
 */
export async function readSpec(io: CliIo, { file, set, seeds }: SpecArguments): Promise<unknown> {
  const assignments = set.map(parseAssignment)
  let spec: unknown = {}
  if (file !== undefined) {
    const path = file === '-' ? null : resolve(io.cwd, file)
    const text = path === null ? await readAll(io.stdin) : await readSpecFile(path, file)
    spec = parseJsonText(text, path === null ? 'the spec on stdin' : file)
    if (path !== null) spec = anchorDataPath(spec, dirname(path))
  }
  const changed = anchorDataPath(applyAssignments(spec, assignments), io.cwd)
  return seeds.length === 0 || !isObject(changed) ? changed : { ...changed, seeds }
}

/** Text of a file that a person named. @throws UsageError. */
export async function readSpecFile(path: string, name: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    const problem =
      code === 'ENOENT'
        ? `file not found: ${name}`
        : code === 'EISDIR'
          ? `${name} is a folder, not a file`
          : `cannot read ${name}: ${String(code)}`
    throw new UsageError(problem, { cause: error })
  }
}

async function readAll(stream: AsyncIterable<Uint8Array | string>): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of stream) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces).toString('utf8')
}

function anchorDataPath(spec: unknown, folder: string): unknown {
  if (!isObject(spec) || !isObject(spec['data'])) return spec
  const { path } = spec['data']
  if (typeof path !== 'string' || path === '' || isAbsolute(path)) return spec
  return { ...spec, data: { ...spec['data'], path: resolve(folder, path) } }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
