import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { CheckpointNotice } from '#shared/schemas'
import { fileError } from './file-errors.ts'
import { readVerified, removeQuietly, sha256Of, writeFileDurably } from './files.ts'

const namePattern = /^checkpoint-(\d{9,})-[0-9a-f]{8}\.safetensors$/

/**
 * Writes a checkpoint so that it is whole and on the disk when this returns.
 *
 * Its name carries step and hash: two attempts that write the same step never overwrite what is
 * registered with other bytes. For the compute process; the engine registers the notice.
 *
 * @throws ApiError `disk-full` naming the path; nothing is left of it then.
 */
export function writeCheckpoint(folder: string, step: number, bytes: Uint8Array): CheckpointNotice {
  const hash = sha256Of(bytes).slice(0, 8)
  const fileName = `checkpoint-${String(step).padStart(9, '0')}-${hash}.safetensors`
  return { fileName, step, ...writeFileDurably(join(folder, fileName), bytes) }
}

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
  const newest = Math.max(-1, ...keep.map(stepOf))
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch (error) {
    throw fileError('read', folder, error)
  }
  const old = names.filter(
    (name) => namePattern.test(name) && stepOf(name) < newest && !keep.includes(name),
  )
  for (const name of old) removeQuietly(join(folder, name))
  return old
}

function stepOf(fileName: string): number {
  const digits = namePattern.exec(fileName)?.[1]
  return digits === undefined ? -1 : Number(digits)
}
