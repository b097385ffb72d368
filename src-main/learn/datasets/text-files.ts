import { join } from 'node:path'
import { InputError } from '#base'
import { listFolder } from './file-bundle.ts'

/** The files of a text. */
export interface TextFiles {
  readonly train: string
  /** Null if nothing was held out by its owner. */
  readonly validation: string | null
}

const textPattern = /\.(?:txt|text|tokens|raw)(?:\.gz)?$/i
const partPatterns = {
  train: /(?:^|[._-])train(?:[._-]|$)/i,
  validation: /(?:^|[._-])(?:valid|validation|val|dev)(?:[._-]|$)/i,
}

function pick(names: readonly string[], part: 'train' | 'validation', folder: string) {
  const found = names.filter((name) => textPattern.test(name) && partPatterns[part].test(name))
  if (found.length <= 1) return found[0] === undefined ? null : join(folder, found[0])
  throw new InputError(
    'path',
    `path must hold one ${part} text, ${folder} holds ${found.join(', ')}`,
  )
}

/**
 * The files of a text as its owners publish it: one file, or a folder with `wiki.train.tokens` and
 * `wiki.valid.tokens`, `ptb.train.txt` and `ptb.valid.txt`, `train.txt.gz` and `valid.txt.gz`, and the
 * like. A test text is left alone.
 *
 * @throws InputError if a folder has no training text, or several.
 * @throws MissingFileError if there is nothing at the path.
 */
export async function findTextFiles(path: string): Promise<TextFiles> {
  const names = (await listFolder(path))?.sort()
  if (names === undefined) return { train: path, validation: null }
  const train = pick(names, 'train', path)
  if (train === null) {
    throw new InputError(
      'path',
      `path must be a text file or a folder with one named …train….txt, .tokens or .raw, got ${path}`,
    )
  }
  return { train, validation: pick(names, 'validation', path) }
}
