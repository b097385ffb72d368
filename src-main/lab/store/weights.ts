import { join } from 'node:path'
import type { CheckpointNotice } from '#shared/schemas'
import { removeQuietly } from './files.ts'
import { listStepFiles, writeStepFile } from './step-files.ts'

/**
 * Writes weights that are kept for good, so that they are whole and on the disk when this returns.
 *
 * Equal bytes of a step get the same name. For the compute process; the engine registers the notice.
 *
 * @throws ApiError `disk-full` naming the path; nothing is left of it then.
 */
export const writeWeights = (folder: string, step: number, bytes: Uint8Array): CheckpointNotice =>
  writeStepFile('weights', folder, step, bytes)

/**
 * Removes weights of later steps than the one that training goes on from; only while no compute process writes.
 *
 * @returns Names of the files removed, registered or not.
 */
export function removeWeightsAfter(folder: string, step: number): string[] {
  const later = listStepFiles('weights', folder)
    .filter((file) => file.step > step)
    .map(({ fileName }) => fileName)
  for (const name of later) removeQuietly(join(folder, name))
  return later
}
