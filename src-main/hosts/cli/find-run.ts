import type { RunSummary } from '#shared/schemas'
import type { Client } from '#shared/contract'
import { ApiError } from '#shared/errors'
import { UsageError } from './io.ts'

const pageSize = 1_000

/**
 * The run that an id or the unique start of one names; `last` is the newest.
 *
 * @throws ApiError `run-not-found`; UsageError if several ids start so.
 */
export async function findRun(client: Client, given: string): Promise<RunSummary> {
  const matches: RunSummary[] = []
  for (let offset = 0; ; offset += pageSize) {
    const { runs, total } = await client.call('runs.list', { limit: pageSize, offset })
    if (given === 'last' && runs[0] !== undefined) return runs[0]
    for (const run of runs) {
      if (run.id === given) return run
      if (given !== '' && run.id.startsWith(given)) matches.push(run)
    }
    if (runs.length === 0 || offset + runs.length >= total) break
  }
  const [run] = matches
  if (run === undefined) throw new ApiError('run-not-found', `there is no run ${given}`)
  if (matches.length > 1) {
    const ids = matches.slice(0, 5).map(({ id }) => id)
    const more = matches.length > ids.length ? ', …' : ''
    throw new UsageError(
      `${given} is the start of ${String(matches.length)} runs: ${ids.join(', ')}${more}`,
    )
  }
  return run
}
