import { ApiError } from '#shared/errors'
import { tellsOutOfMemory } from './to-api-error.ts'
import type { WorkerExit } from './worker-link.ts'

/** The error of a compute process that ended without saying how: names signal or code and its last words. */
export function crashError(exit: WorkerExit): ApiError {
  const { code, signal } = exit
  const words = lastWords(exit.stderr)
  const by =
    signal !== null
      ? `was ended by ${signal}`
      : code !== null
        ? `ended with exit code ${String(code)}`
        : 'could not be started'
  const message = `the compute process ${by}${words === '' ? '' : `: ${words}`}`
  const isOutOfMemory = tellsOutOfMemory(exit.stderr)
  return new ApiError(isOutOfMemory ? 'out-of-memory' : 'internal', message, { code, signal })
}

/** The line of stderr that says most: the last that speaks of an error, else the last. */
function lastWords(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(at |Node\.js v|[{}^~]+$)/.test(line))
  const telling = lines.findLast((line) => /error|fatal|terminate|abort/i.test(line))
  return (telling ?? lines.at(-1) ?? '').slice(0, 300)
}
