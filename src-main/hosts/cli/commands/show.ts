import { withEngine } from '../connection.ts'
import type { AddCommand } from '../context.ts'
import { describeRun } from '../describe-run.ts'
import { findRun } from '../find-run.ts'
import { jsonOption, storeOption } from '../options.ts'

interface Options {
  readonly store?: string
  readonly json?: true
}

export const addShow: AddCommand = (program, context) => {
  program
    .command('show')
    .description('show one run with its measurements')
    .argument('<run>', 'id of the run or the start of it; last for the newest')
    .addOption(storeOption())
    .addOption(jsonOption())
    .action(async (given: string, options: Options) => {
      const folder = context.storeFolder(options.store)
      const detail = await withEngine(context, folder, 'look', async ({ client }) => {
        const { id } = await findRun(client, given)
        return client.call('runs.get', { runId: id })
      })
      if (options.json) context.printJson(detail)
      else context.print(describeRun(detail))
    })
}
