import { withEngine } from '../connection.ts'
import type { AddCommand } from '../context.ts'
import { findRun } from '../find-run.ts'
import { followRuns } from '../follow-runs.ts'
import {
  computeChange,
  deviceOption,
  jsonOption,
  runtimeOption,
  storeOption,
  type ComputeOptions,
} from '../options.ts'
import { reportRuns } from './run.ts'

interface Options extends ComputeOptions {
  readonly store?: string
  readonly json?: true
}

export const addResume: AddCommand = (program, context) => {
  program
    .command('resume')
    .description('go on with a run from its last checkpoint')
    .argument('<run>', 'id of the run or the start of it; last for the newest')
    .addOption(deviceOption())
    .addOption(runtimeOption())
    .addOption(storeOption())
    .addOption(jsonOption())
    .action(async (given: string, options: Options) => {
      const storeFolder = context.storeFolder(options.store)
      await withEngine(context, storeFolder, 'work-new', async (connection) => {
        const { client } = connection
        const { id } = await findRun(client, given)
        const followed = await followRuns(context, client, async () => [
          await client.call('runs.resume', { runId: id, ...computeChange(options) }),
        ])
        await reportRuns(context, connection, followed, options.json ?? false)
      })
    })
}
