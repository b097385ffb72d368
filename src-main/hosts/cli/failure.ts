import { CommanderError } from 'commander'
import { InputError, NonFiniteError } from '#base'
import { ApiError, toWire, type ErrorCode, type WireError } from '#shared/errors'
import { exitCode, UsageError, type ExitCode } from './io.ts'

/** What is the caller's to mend; everything else is a failure. */
const callersMistakes = new Set<ErrorCode>([
  'invalid-spec',
  'invalid-argument',
  'shape-mismatch',
  'invalid-data',
  'file-not-found',
  'file-corrupt',
  'run-not-found',
  'run-not-resumable',
  'run-already-ended',
  'artifact-not-found',
])

/** How a command ended that did not end well. */
export interface Failure {
  readonly exit: ExitCode
  /** Null if it has been said already. */
  readonly error: WireError | null
}

/** Tells wrong usage from failure. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommanderError) {
    // Help and version come as errors too; commander has written what there is to say.
    return error.exitCode === 0
      ? { exit: exitCode.done, error: null }
      : { exit: exitCode.usage, error: null }
  }
  if (error instanceof ApiError) {
    const isMistake = callersMistakes.has(error.code)
    return { exit: isMistake ? exitCode.usage : exitCode.failed, error: toWire(error) }
  }
  if (error instanceof InputError || error instanceof UsageError) {
    const wire: WireError = { code: 'invalid-argument', message: error.message }
    return { exit: exitCode.usage, error: wire }
  }
  const code = error instanceof NonFiniteError ? 'non-finite' : 'internal'
  const message = error instanceof Error ? error.message : String(error)
  return { exit: exitCode.failed, error: { code, message } }
}
