import { join } from 'node:path'
import type { CheckpointNotice } from '#shared/schemas'
import { readVerified, removeQuietly } from './files.ts'
import { listStepFiles, stepOfFile, writeStepFile } from './step-files.ts'

/**
 * Writes a checkpoint so that it is whole and on the disk when this returns.
 *
 * Its name carries step and hash: two attempts that write the same step never overwrite what is
 * registered with other bytes. For the compute process; the engine registers the notice.
 *
 * @throws ApiError `disk-full` naming the path; nothing is left of it then.
 */
export const writeCheckpoint = (
  folder: string,
  step: number,
  bytes: Uint8Array,
): CheckpointNotice => writeStepFile('checkpoint', folder, step, bytes)

/**
 * Reads a checkpoint and checks its size and hash.
 *
 * @throws ApiError `file-not-found` or `file-corrupt`.
 */
export function readCheckpoint(folder: string, notice: CheckpointNotice): Uint8Array {
  return readVerified(join(folder, notice.fileName), notice.sha256, notice.sizeBytes)
}

/**
 * Removes checkpoints of earlier steps than the newest kept.
 *
 * Those of that step and later stay: the compute process may have written them a moment ago, with
 * their notice still under way.
 *
 * @param keep - File names of the checkpoints that are registered and still wanted.
 * @returns Names of the files removed.
 */
export function pruneCheckpoints(folder: string, keep: readonly string[]): string[] {
  const newest = Math.max(-1, ...keep.map((name) => stepOfFile('checkpoint', name) ?? -1))
  const old = listStepFiles('checkpoint', folder)
    .filter(({ fileName, step }) => step < newest && !keep.includes(fileName))
    .map(({ fileName }) => fileName)
  for (const name of old) removeQuietly(join(folder, name))
  return old
}
