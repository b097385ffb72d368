import { Option } from 'commander'
import { existsSync } from 'node:fs'
import { runStatusSchema, type RunStatus } from '#shared/schemas'
import { withEngine } from '../connection.ts'
import type { AddCommand } from '../context.ts'
import { runTable } from '../describe-run.ts'
import { integer, jsonOption, storeOption } from '../options.ts'

interface Options {
  readonly query?: string
  readonly status?: RunStatus
  readonly limit: number
  readonly offset: number
  readonly store?: string
  readonly json?: true
}

export const addList: AddCommand = (program, context) => {
  program
    .command('list')
    .description('list runs, newest first')
    .option('--query <text>', 'only runs whose name, data or model contains this')
    .addOption(new Option('--status <status>', 'only such runs').choices(runStatusSchema.options))
    .option('--limit <number>', 'runs at most', integer(1, 1_000), 50)
    .option('--offset <number>', 'runs to leave out first', integer(0, 1e9), 0)
    .addOption(storeOption())
    .addOption(jsonOption())
    .action(async ({ query, status, limit, offset, store, json }: Options) => {
      const folder = context.storeFolder(store)
      const filter = { limit, offset, text: query, status }
      const { runs, total } = existsSync(folder)
        ? await withEngine(context, folder, 'look', ({ client }) =>
            client.call('runs.list', filter),
          )
        : { runs: [], total: 0 }
      if (json) {
        context.printJson({ runs, total })
        return
      }
      if (runs.length > 0) context.print(runTable(runs))
      if (total === 0) context.notice(`no runs in ${folder}; "saddle run" makes one`)
      else if (runs.length < total) {
        context.notice(`${String(runs.length)} of ${String(total)} runs; --limit shows more`)
      }
    })
}
