import { readFile, stat } from 'node:fs/promises'
import { dirname, isAbsolute, resolve } from 'node:path'
import { ApiError } from '#shared/errors'
import {
  experimentSchema,
  explainSpecError,
  fileKeys,
  fileProblem,
  filesOfSpec,
  type ExperimentSpec,
  type PathKind,
} from '#shared/schemas'
import { UsageError, type CliIo } from './io.ts'
import { parseJsonText } from './json-text.ts'
import { parseAssignment, setValues } from './set-values.ts'

/**
 * The spec with its defaults; refuses a wrong one before a store is opened, or made, for it.
 *
 * @throws ApiError `invalid-spec` naming every bad key; UsageError naming a file or folder that is absent.
 */
export async function checkSpec(spec: unknown): Promise<ExperimentSpec> {
  const parsed = experimentSchema.safeParse(spec)
  if (!parsed.success) {
    const problems = explainSpecError(parsed.error, spec)
    const message = problems.map((problem) => problem.message).join('; ')
    throw new ApiError('invalid-spec', message, { problems })
  }
  for (const file of filesOfSpec(parsed.data)) {
    const problem = fileProblem(file, await kindAt(file.path))
    if (problem !== null) throw new UsageError(problem)
  }
  return parsed.data
}

async function kindAt(path: string): Promise<PathKind | null> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file'
  } catch {
    return null
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
 * A relative path (`data.path`, `data.tokenizer`, `model.weights`) is meant from the place where it was
 * written: the file's folder, or the working folder for stdin and `--set`.
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
    if (path !== null) spec = anchorPaths(spec, dirname(path))
  }
  const changed = anchorPaths(setValues(spec, assignments), io.cwd)
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

function anchorPaths(spec: unknown, folder: string): unknown {
  if (!isObject(spec)) return spec
  let anchored = spec
  for (const [section, key] of fileKeys) {
    const part = anchored[section]
    if (!isObject(part)) continue
    const path = part[key]
    if (typeof path !== 'string' || path === '' || isAbsolute(path)) continue
    anchored = { ...anchored, [section]: { ...part, [key]: resolve(folder, path) } }
  }
  return anchored
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
