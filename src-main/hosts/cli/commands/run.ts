import type { RunDetail } from '#shared/schemas'
import { withEngine, type Connection } from '../connection.ts'
import type { AddCommand, CliContext } from '../context.ts'
import { describeRun } from '../describe-run.ts'
import { followRuns, type FollowedRuns } from '../follow-runs.ts'
import { exitCode } from '../io.ts'
import {
  computeChange,
  deviceOption,
  gather,
  jsonOption,
  runtimeOption,
  seed,
  storeOption,
  type ComputeOptions,
} from '../options.ts'
import { checkSpec, readSpec } from '../spec-input.ts'

interface Options extends ComputeOptions {
  readonly set?: readonly string[]
  readonly seed?: readonly number[]
  readonly store?: string
  readonly json?: true
}

export const addRun: AddCommand = (program, context) => {
  program
    .command('run')
    .description('run an experiment to its end')
    .argument('[spec]', 'JSON file with the experiment, - for stdin; left out: the defaults')
    .option(
      '--set <path=value>',
      'set a key, e.g. train.batchSize=32; may be repeated',
      gather((text) => text),
    )
    .option('--seed <number>', 'seed in place of the spec’s; may be repeated', gather(seed))
    .addOption(deviceOption())
    .addOption(runtimeOption())
    .addOption(storeOption())
    .addOption(jsonOption())
    .action(async (file: string | undefined, options: Options) => {
      const spec = await readSpec(context.io, {
        file,
        set: options.set ?? [],
        seeds: options.seed ?? [],
      })
      await checkSpec(spec)
      const storeFolder = context.storeFolder(options.store)
      await withEngine(context, storeFolder, 'work-new', async (connection) => {
        const { client } = connection
        const followed = await followRuns(context, client, async () => {
          const { runs } = await client.call('runs.create', { spec, ...computeChange(options) })
          for (const { id, seed: own } of runs) {
            context.notice(`run ${id} (seed ${String(own)}) in ${storeFolder}`)
          }
          return runs
        })
        await reportRuns(context, connection, followed, options.json ?? false)
      })
    })
}

/** Prints how runs ended and sets the exit code by it. */
export async function reportRuns(
  context: CliContext,
  { client }: Connection,
  { runs, wasInterrupted }: FollowedRuns,
  asJson: boolean,
): Promise<void> {
  const details: RunDetail[] = []
  for (const { id } of runs) details.push(await client.call('runs.get', { runId: id }))
  if (asJson) context.printJson({ runs: details })
  else context.print(details.map(describeRun).join('\n\n'))
  const isDone = details.every(({ summary }) => summary.status === 'finished')
  if (!isDone) context.end(wasInterrupted ? exitCode.interrupted : exitCode.failed)
}
