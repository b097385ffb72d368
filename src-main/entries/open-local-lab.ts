import { accessSync, constants, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '#base'
import { openLab, type Lab, type OpenLabOptions } from '#lab/api'
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
    canRead,
  })

function canRead(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
