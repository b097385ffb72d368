import { join } from 'node:path'
import type { Logger } from '#base'
import { openLab, type FileDataSpec, type Lab, type OpenLabOptions } from '#lab/api'
import { describeApart } from './describe-apart.ts'
import { buildFacts } from './facts.ts'

/** Opens the lab of a store with this installation's compute process. */
export const openLocalLab = (
  storeFolder: string,
  mode: NonNullable<OpenLabOptions['mode']>,
  logger: Logger,
): Lab =>
  openLab({
    storeFolder,
    mode,
    logger,
    facts: buildFacts(),
    workerEntry: join(import.meta.dirname, 'job-worker.ts'),
    checkSamples,
    describeExperiment: describeApart,
    // Loads the native library, which most processes that open a lab never need.
    checkCompute: async (compute) => (await import('./compute.ts')).checkCompute(compute),
  })

/** Reads the file and splits it as the run will. */
async function checkSamples(data: FileDataSpec): Promise<void> {
  // Readers of all formats, which an engine need not wait for when it starts.
  const { heldOutCount, loadParquet, loadSamplesFileParts } = await import('#learn/datasets')
  if (data.path.endsWith('.parquet')) {
    const { count } = await loadParquet(data.path, data)
    heldOutCount(count, data.validationFraction)
    return
  }
  const { train, validation } = await loadSamplesFileParts(data.path, data)
  if (validation === null) heldOutCount(train.count, data.validationFraction)
}
