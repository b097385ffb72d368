import { extname } from 'node:path'
import type { Artifact } from '#shared/schemas'
import { withEngine } from '../connection.ts'
import type { AddCommand } from '../context.ts'
import { findRun } from '../find-run.ts'
import { UsageError } from '../io.ts'
import { integer, jsonOption, storeOption } from '../options.ts'
import { outFile } from '../out-file.ts'

interface Options {
  readonly out: string
  readonly step?: number
  readonly store?: string
  readonly json?: true
}

const endings = ['.safetensors', '.npz']

export const addWeights: AddCommand = (program, context) => {
  program
    .command('weights')
    .description('write weights that a run has kept, under the names of PyTorch’s state_dict')
    .argument('<run>', 'id of the run or the start of it; last for the newest')
    .requiredOption('--out <file>', `file to write (${endings.join(', ')})`)
    .option('--step <number>', 'step they are of; left out: the last kept', integer(0, 1e9))
    .addOption(storeOption())
    .addOption(jsonOption())
    .action(async (given: string, options: Options) => {
      const path = outFile(context.io, options.out, endings)
      const folder = context.storeFolder(options.store)
      const { kept, bytes } = await withEngine(context, folder, 'look', async (connection) => {
        const { id } = await findRun(connection.client, given)
        const { artifacts } = await connection.client.call('runs.get', { runId: id })
        const artifact = keptWeights(id, artifacts, options.step)
        return { kept: artifact, bytes: await connection.readArtifact(artifact.id) }
      })
      const content =
        extname(path).toLowerCase() === '.npz'
          ? await context.services.safetensorsToNpz(bytes, kept.fileName)
          : bytes
      await context.services.writeFileDurably(path, content)
      const { runId, step } = kept
      if (options.json) context.printJson({ runId, step, file: path, sizeBytes: content.length })
      else context.print(path)
    })
}

/** The weights of a step, or the last ones. @throws UsageError naming the steps there are. */
function keptWeights(
  runId: string,
  artifacts: readonly Artifact[],
  step: number | undefined,
): Artifact {
  const kept = artifacts
    .filter(({ kind }) => kind === 'weights')
    .toSorted((a, b) => (a.step ?? 0) - (b.step ?? 0))
  const last = kept.at(-1)
  if (last === undefined) {
    throw new UsageError(`run ${runId} has kept no weights yet; it does when its training ends`)
  }
  const wanted = step === undefined ? last : kept.find((artifact) => artifact.step === step)
  if (wanted !== undefined) return wanted
  throw new UsageError(
    `run ${runId} has kept no weights of step ${String(step)}; it has those of ${stepsText(kept)}`,
  )
}

function stepsText(kept: readonly Artifact[]): string {
  const steps = kept.map((artifact) => String(artifact.step))
  if (steps.length <= 12) return `step ${steps.join(', ')}`
  return `step ${steps.slice(0, 10).join(', ')}, … ${steps.at(-1) ?? ''}`
}
