import { withEngine } from '../connection.ts'
import type { AddCommand } from '../context.ts'
import { findRun } from '../find-run.ts'
import { jsonOption, storeOption } from '../options.ts'
import { outFile } from '../out-file.ts'

interface Options {
  readonly out: string
  readonly store?: string
  readonly json?: true
}

const endings = ['.html']

export const addReport: AddCommand = (program, context) => {
  program
    .command('report')
    .description('write a self-contained report of a run')
    .argument('<run>', 'id of the run or the start of it; last for the newest')
    .requiredOption('--out <file>', `file to write (${endings.join(', ')})`)
    .addOption(storeOption())
    .addOption(jsonOption())
    .action(async (given: string, options: Options) => {
      const path = outFile(context.io, options.out, endings)
      const folder = context.storeFolder(options.store)
      const { runId, content } = await withEngine(context, folder, 'look', async (connection) => {
        const { id } = await findRun(connection.client, given)
        const artifact = await connection.client.call('reports.create', { runId: id })
        return { runId: id, content: await connection.readArtifact(artifact.id) }
      })
      await context.services.writeFileDurably(path, content)
      if (options.json) context.printJson({ runId, file: path, sizeBytes: content.length })
      else context.print(path)
    })
}
