import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { CheckpointNotice } from '#shared/schemas'
import { fileError } from './file-errors.ts'
import { sha256Of, writeFileDurably } from './files.ts'

/** Files that belong to a step of training. */
type StepFileKind = 'checkpoint' | 'weights'

const patterns: Record<StepFileKind, RegExp> = {
  checkpoint: /^checkpoint-(\d{9,})-[0-9a-f]{8}\.safetensors$/,
  weights: /^weights-(\d{9,})-[0-9a-f]{8}\.safetensors$/,
}

/**
 * Writes a file under a name that carries its step and the start of its hash, so that other bytes of the same step
 * never overwrite it.
 *
 * @throws ApiError `disk-full` naming the path; nothing is left of it then.
 */
export function writeStepFile(
  kind: StepFileKind,
  folder: string,
  step: number,
  bytes: Uint8Array,
): CheckpointNotice {
  const hash = sha256Of(bytes).slice(0, 8)
  const fileName = `${kind}-${String(step).padStart(9, '0')}-${hash}.safetensors`
  return { fileName, step, ...writeFileDurably(join(folder, fileName), bytes) }
}

/** The step in a file's name; null if it isn't named as files of this kind are. */
export function stepOfFile(kind: StepFileKind, fileName: string): number | null {
  const digits = patterns[kind].exec(fileName)?.[1]
  return digits === undefined ? null : Number(digits)
}

/** Files of a kind in a folder, registered or not. @throws ApiError if the folder cannot be read. */
export function listStepFiles(
  kind: StepFileKind,
  folder: string,
): { readonly fileName: string; readonly step: number }[] {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch (error) {
    throw fileError('read', folder, error)
  }
  return names.flatMap((fileName) => {
    const step = stepOfFile(kind, fileName)
    return step === null ? [] : [{ fileName, step }]
  })
}
