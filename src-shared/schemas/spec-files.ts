import type { ExperimentSpec } from './experiment.ts'

/** Keys of a spec that name a file or folder, whatever else the spec says. */
export const fileKeys = [
  ['data', 'path'],
  ['data', 'tokenizer'],
  ['model', 'weights'],
] as const

/** What lies, or should lie, at a path. */
export type PathKind = 'file' | 'folder'

/** A file or folder that a spec names. */
export interface SpecFile {
  /** e.g. `data.path`. */
  readonly key: string
  readonly path: string
  readonly wanted: readonly PathKind[]
}

/** The files and folders that an experiment reads; empty if everything it needs is shipped or drawn. */
export function filesOfSpec({ data, model }: ExperimentSpec): SpecFile[] {
  const files: SpecFile[] = []
  const add = (key: string, path: string | undefined, ...wanted: PathKind[]): void => {
    if (path !== undefined) files.push({ key, path, wanted })
  }
  switch (data.kind) {
    case 'file':
      add('data.path', data.path, 'file')
      break
    case 'image-folder':
    case 'idx':
      add('data.path', data.path, 'folder')
      break
    case 'cifar':
    case 'webdataset':
      add('data.path', data.path, 'folder', 'file')
      break
    case 'text':
      add('data.path', data.path, 'folder', 'file')
      add('data.tokenizer', data.tokenizer, 'file')
      break
    default: // shipped or drawn from the seed
  }
  add('model.weights', model.weights, 'file')
  return files
}

/** What is wrong with what was found at a path, null if nothing; `found` is null if nothing is there. */
export function fileProblem(
  { key, path, wanted }: SpecFile,
  found: PathKind | null,
): string | null {
  if (found === null) return `${key}: ${wanted.join(' or ')} not found: ${path}`
  if (wanted.includes(found)) return null
  return `${key}: ${path} is a ${found}, not a ${wanted.join(' or ')}`
}
