import { ApiError } from '#shared/errors'
import { experimentSchema, explainSpecError, type ExperimentSpec } from '#shared/schemas'

/** The spec that was given, defaults filled in. @throws ApiError `invalid-spec` naming every bad key. */
export function parseSpec(given: unknown): ExperimentSpec {
  const parsed = experimentSchema.safeParse(given ?? {})
  if (parsed.success) return parsed.data
  const problems = explainSpecError(parsed.error, given ?? {})
  const message = problems.map((problem) => problem.message).join('; ')
  throw new ApiError('invalid-spec', message, { problems })
}
