import { withEngine } from '../connection.ts'
import type { AddCommand } from '../context.ts'
import { findRun } from '../find-run.ts'
import { jsonOption, storeOption } from '../options.ts'

interface Options {
  readonly store?: string
  readonly json?: true
}

export const addDelete: AddCommand = (program, context) => {
  program
    .command('delete')
    .description('delete a run that is not going on, with its files')
    .argument('<run>', 'id of the run or the start of it')
    .addOption(storeOption())
    .addOption(jsonOption())
    .action(async (given: string, options: Options) => {
      const folder = context.storeFolder(options.store)
      const { id, name } = await withEngine(context, folder, 'look', async ({ client }) => {
        const run = await findRun(client, given)
        await client.call('runs.delete', { runId: run.id })
        return run
      })
      if (options.json) context.printJson({ deleted: id })
      else context.print(`deleted ${id} (${name})`)
    })
}
