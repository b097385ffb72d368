import { existsSync, statSync } from 'node:fs'
import { dirname, extname, resolve } from 'node:path'
import { withEngine } from '../connection.ts'
import type { AddCommand, CliContext } from '../context.ts'
import { findRun } from '../find-run.ts'
import { UsageError } from '../io.ts'
import { jsonOption, storeOption } from '../options.ts'

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
      const path = checkTarget(context, options.out)
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

/** Checked before any work. */
function checkTarget({ io }: CliContext, out: string): string {
  const path = resolve(io.cwd, out)
  if (!endings.includes(extname(path).toLowerCase())) {
    throw new UsageError(`--out must end in ${endings.join(' or ')}, got ${out}`)
  }
  if (!existsSync(dirname(path))) throw new UsageError(`folder not found: ${dirname(path)}`)
  if (existsSync(path) && statSync(path).isDirectory()) {
    throw new UsageError(`--out must be a file, ${out} is a folder`)
  }
  return path
}
