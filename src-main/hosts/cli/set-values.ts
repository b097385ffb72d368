import { applyAssignments, AssignmentError, parseKeyPath, type Assignment } from '#shared/schemas'
import { UsageError } from './io.ts'

/**
 * Reads `train.batchSize=32` or `measure[0].top=5`; a value that is no JSON is a text.
 *
 * @throws UsageError naming the assignment.
 */
export function parseAssignment(text: string): Assignment {
  const equals = text.indexOf('=')
  const path = parseKeyPath(text.slice(0, Math.max(0, equals)))
  if (equals < 1 || path === null) {
    throw new UsageError(
      `--set wants PATH=VALUE, e.g. train.batchSize=32 or measure[0].top=5, got ${text}`,
    )
  }
  const raw = text.slice(equals + 1)
  try {
    return { path, value: JSON.parse(raw) as unknown }
  } catch {
    return { path, value: raw }
  }
}

/**
 * A spec with the values of `--set`.
 *
 * @throws UsageError if a path points nowhere.
 */
export function setValues(spec: unknown, assignments: readonly Assignment[]): unknown {
  try {
    return applyAssignments(spec, assignments)
  } catch (error) {
    if (!(error instanceof AssignmentError)) throw error
    throw new UsageError(`--set ${error.message}`, { cause: error })
  }
}
