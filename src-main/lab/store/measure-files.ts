import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { CheckpointNotice } from '#shared/schemas'
import { fileError } from './file-errors.ts'
import { readIfThere, removeQuietly, sha256Of, writeFileDurably } from './files.ts'

/** A measurement of a run: its position in the spec and the step of the weights it is made on. */
export interface MeasureKey {
  readonly index: number
  readonly step: number
}

const nameOf = (kind: 'vectors' | 'state', { index, step }: MeasureKey, hash: string): string =>
  `${kind}-${String(index).padStart(2, '0')}-${String(step).padStart(9, '0')}-${hash}.safetensors`

const hashStart = (bytes: Uint8Array): string => sha256Of(bytes).slice(0, 8)

/**
 * Writes vectors that a measurement keeps for good; as for a checkpoint, equal bytes get the same name.
 *
 * @throws ApiError `disk-full` naming the path; nothing is left of it then.
 */
export function writeVectors(folder: string, key: MeasureKey, bytes: Uint8Array): CheckpointNotice {
  const fileName = nameOf('vectors', key, hashStart(bytes))
  return { fileName, step: key.step, ...writeFileDurably(join(folder, fileName), bytes) }
}

/** Files that hold how far a measurement is, with the start of the hash in their names. */
function stateFiles(
  folder: string,
  key: MeasureKey,
): { readonly path: string; readonly hash: string }[] {
  const [start = '', end = ''] = nameOf('state', key, '|').split('|')
  try {
    return readdirSync(folder)
      .filter((name) => name.startsWith(start) && name.endsWith(end))
      .map((name) => ({ path: join(folder, name), hash: name.slice(start.length, -end.length) }))
  } catch (error) {
    throw fileError('read', folder, error)
  }
}

/**
 * Writes how far a measurement is, in place of what was written of it before. For the compute process alone; the
 * engine knows nothing of it, and a run's bundle does not hold it.
 *
 * @throws ApiError `disk-full` naming the path; what was written before is still there then.
 */
export function writeMeasureState(folder: string, key: MeasureKey, bytes: Uint8Array): void {
  const older = stateFiles(folder, key)
  const path = join(folder, nameOf('state', key, hashStart(bytes)))
  writeFileDurably(path, bytes)
  for (const file of older) if (file.path !== path) removeQuietly(file.path)
}

/** How far a measurement was; null if it has not begun or its file is damaged: it is a saving of time, not a result. */
export function readMeasureState(folder: string, key: MeasureKey): Uint8Array | null {
  for (const { path, hash } of stateFiles(folder, key)) {
    const bytes = readIfThere(path)
    if (bytes !== null && hashStart(bytes) === hash) return bytes
  }
  return null
}

/** Removes what was written of a measurement that is stored now. */
export function removeMeasureState(folder: string, key: MeasureKey): void {
  for (const { path } of stateFiles(folder, key)) removeQuietly(path)
}
