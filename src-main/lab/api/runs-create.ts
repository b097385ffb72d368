import { isAbsolute } from 'node:path'
import { toApiError } from '#lab/jobs'
import type { Handlers } from '#shared/contract'
import { ApiError } from '#shared/errors'
import {
  computeSchema,
  experimentSchema,
  explainSpecError,
  type ExperimentSpec,
} from '#shared/schemas'
import type { ApiContext } from './context.ts'

/** Creates all runs of a spec or none, then puts them on the queue. */
export const runsCreate =
  ({ store, supervisor, checkSamples, checkCompute }: ApiContext): Handlers['runs.create'] =>
  async ({ spec: given, compute: wanted = {} }) => {
    const spec = parseSpec(given)
    const compute = computeSchema.parse(wanted)
    await checkCompute(compute)
    await checkDataFile(spec, checkSamples)
    const runs = store.createRuns(spec, compute)
    return { runs: runs.map(({ id }) => supervisor.enqueue(id)) }
  }

function parseSpec(given: unknown): ExperimentSpec {
  const parsed = experimentSchema.safeParse(given ?? {})
  if (parsed.success) return parsed.data
  const problems = explainSpecError(parsed.error, given ?? {})
  const message = problems.map((problem) => problem.message).join('; ')
  throw new ApiError('invalid-spec', message, { problems })
}

/** What is wrong with a file is better known now than when the run has waited for its turn. */
async function checkDataFile(
  { data }: ExperimentSpec,
  checkSamples: ApiContext['checkSamples'],
): Promise<void> {
  if (data.kind !== 'file') return
  const problem = (message: string) => ({ problems: [{ path: 'data.path', message }] })
  if (!isAbsolute(data.path)) {
    // The engine's folder is not the caller's.
    const message = `data.path must be an absolute path, got ${JSON.stringify(data.path)}`
    throw new ApiError('invalid-spec', message, problem(message))
  }
  try {
    await checkSamples(data)
  } catch (error) {
    const { code, message } = toApiError(error)
    const placed = `data.path: ${message}`
    throw new ApiError(code, placed, problem(placed), { cause: error })
  }
}
