import { isAbsolute } from 'node:path'
import type { Handlers } from '#shared/contract'
import { ApiError } from '#shared/errors'
import { experimentSchema, explainSpecError, type ExperimentSpec } from '#shared/schemas'
import type { ApiContext } from './context.ts'

/** Creates all runs of a spec or none, then puts them on the queue. */
export const runsCreate =
  ({ store, supervisor, canRead }: ApiContext): Handlers['runs.create'] =>
  ({ spec: given }) => {
    const spec = parseSpec(given)
    checkDataFile(spec, canRead)
    const runs = store.createRuns(spec)
    return { runs: runs.map(({ id }) => supervisor.enqueue(id)) }
  }

function parseSpec(given: unknown): ExperimentSpec {
  const parsed = experimentSchema.safeParse(given ?? {})
  if (parsed.success) return parsed.data
  const problems = explainSpecError(parsed.error, given ?? {})
  const message = problems.map((problem) => problem.message).join('; ')
  throw new ApiError('invalid-spec', message, { problems })
}

/** A file that is not there is better known now than when the run has waited for its turn. */
function checkDataFile({ data }: ExperimentSpec, canRead: ApiContext['canRead']): void {
  if (data.kind !== 'file') return
  if (!isAbsolute(data.path)) {
    // The engine's folder is not the caller's.
    const message = `data.path must be an absolute path, got ${JSON.stringify(data.path)}`
    throw new ApiError('invalid-spec', message, { problems: [{ path: 'data.path', message }] })
  }
  if (!canRead(data.path)) {
    const message = `data.path names a file that is not there or cannot be read: ${data.path}`
    throw new ApiError('file-not-found', message, { problems: [{ path: 'data.path', message }] })
  }
}
