import { isAbsolute } from 'node:path'
import { toApiError } from '#lab/jobs'
import { lookAt } from '#lab/store'
import { ApiError, type ErrorCode } from '#shared/errors'
import { fileProblem, filesOfSpec, type ExperimentSpec } from '#shared/schemas'
import type { ApiContext } from './context.ts'

/** A person's own file is read whole before its run is queued unless it is larger. */
const readableBytes = 64 * 2 ** 20

const endings = {
  'data.path': /\.(npz|safetensors|parquet|csv|csv\.gz)$/,
  'model.weights': /\.(npz|safetensors)$/,
} as const

/**
 * Refuses a spec whose files are not there: what is wrong with one is better known now than when the
 * run has waited for its turn.
 *
 * Every path must be absolute and lead to a file or folder, as its key wants. A `file` of up to 64 MiB
 * is also read as the run will; of a larger one only existence and ending are known.
 *
 * @throws ApiError with the place in its detail: `invalid-spec` for a relative path or a wrong ending,
 *   `file-not-found`, and for a file that was read what reading it throws.
 */
export async function checkFiles(
  spec: ExperimentSpec,
  checkSamples: ApiContext['checkSamples'],
): Promise<void> {
  for (const file of filesOfSpec(spec)) {
    const { key, path } = file
    if (!isAbsolute(path)) {
      // The engine's folder is not the caller's.
      const message = `${key} must be an absolute path, got ${JSON.stringify(path)}`
      throw placed('invalid-spec', key, message)
    }
    const found = await lookAt(path)
    const problem = fileProblem(file, found?.kind ?? null)
    if (problem !== null) {
      throw placed(found === null ? 'file-not-found' : 'invalid-spec', key, problem)
    }
    const { data } = spec
    if (key === 'model.weights') checkEnding(key, path)
    if (key !== 'data.path' || data.kind !== 'file') continue
    checkEnding(key, path)
    if (found !== null && found.sizeBytes > readableBytes) continue
    try {
      await checkSamples(data)
    } catch (error) {
      const { code, message } = toApiError(error)
      throw placed(code, key, `${key}: ${message}`, error)
    }
  }
}

function checkEnding(key: keyof typeof endings, path: string): void {
  if (endings[key].test(path)) return
  const allowed =
    key === 'data.path' ? '.npz, .safetensors, .parquet, .csv or .csv.gz' : '.npz or .safetensors'
  throw placed('invalid-spec', key, `${key} must end in ${allowed}, got ${path}`)
}

const placed = (code: ErrorCode, path: string, message: string, cause?: unknown): ApiError =>
  new ApiError(code, message, { problems: [{ path, message }] }, { cause })
