import { FormatError } from '#base'
import { parsePickle } from './pickle.ts'
import type { PickleDictionary, PickleList } from './pickle-values.ts'

/** Bytes of a picture: 3 channels of 32 × 32. */
export const cifarPictureBytes = 3 * 32 * 32

/** Pictures of one file and their labels. */
export interface CifarBatch {
  /** `[n, 3, 32, 32]`. */
  readonly pixels: Uint8Array
  /** `[n]`. */
  readonly labels: Int32Array
}

function checkLabel(label: unknown, classCount: number, file: string, row: number): number {
  if (Number.isInteger(label) && Number(label) >= 0 && Number(label) < classCount) {
    return Number(label)
  }
  const found = typeof label === 'number' ? String(label) : typeof label
  const problem = `label must be an integer in 0…${classCount - 1}, got ${found} at record ${row}`
  throw new FormatError(file, problem)
}

/**
 * Reads records of labels and a picture, as the binary version of CIFAR has them.
 *
 * @param options.labelCount - Label bytes before each picture: 1, or 2 for coarse and fine.
 * @param options.labelIndex - Which of them is meant.
 * @param file - Named in errors.
 * @throws FormatError if the bytes are not whole records, at least one, or a label is out of range.
 *
 * @see Krizhevsky, The CIFAR-10 dataset, sections Binary version
 */
export function parseCifarBinary(
  bytes: Uint8Array,
  options: {
    readonly labelCount: number
    readonly labelIndex: number
    readonly classCount: number
  },
  file: string,
): CifarBatch {
  const { labelCount, labelIndex, classCount } = options
  const recordBytes = labelCount + cifarPictureBytes
  const count = Math.floor(bytes.length / recordBytes)
  if (count < 1 || count * recordBytes !== bytes.length) {
    const problem = `must be records of ${recordBytes} bytes, has ${bytes.length} bytes`
    throw new FormatError(file, problem, count * recordBytes)
  }
  const pixels = new Uint8Array(count * cifarPictureBytes)
  const labels = new Int32Array(count)
  for (let row = 0; row < count; row += 1) {
    const start = row * recordBytes
    labels[row] = checkLabel(bytes[start + labelIndex], classCount, file, row)
    pixels.set(bytes.subarray(start + labelCount, start + recordBytes), row * cifarPictureBytes)
  }
  return { pixels, labels }
}

/** The entries of a pickled dictionary. */
function parseDictionary(bytes: Uint8Array, file: string): PickleDictionary {
  const value = parsePickle(bytes, file)
  if (value instanceof Map) return value as PickleDictionary
  throw new FormatError(file, 'the pickle holds no dictionary')
}

/** A list in a pickled dictionary. */
function takeList(entries: PickleDictionary, key: string, file: string): PickleList {
  const list = entries.get(key)
  if (Array.isArray(list)) return list as PickleList
  throw new FormatError(file, `the pickle has no list ${key}`)
}

/**
 * Reads a pickled batch of the Python version of CIFAR.
 *
 * @param options.key - Of the labels: `labels`, `fine_labels` or `coarse_labels`.
 * @param file - Named in errors.
 * @throws FormatError if it is no such pickle, or a label is out of range.
 *
 * @see Krizhevsky, The CIFAR-10 dataset, sections Python version
 */
export function parseCifarPickle(
  bytes: Uint8Array,
  options: { readonly key: string; readonly classCount: number },
  file: string,
): CifarBatch {
  const { key, classCount } = options
  const entries = parseDictionary(bytes, file)
  const data = entries.get('data')
  const isArray = typeof data === 'object' && data !== null && 'kind' in data
  if (!isArray || data.kind !== 'array') throw new FormatError(file, 'the pickle has no array data')
  const [count = 0] = data.shape
  if (data.shape.length !== 2 || count < 1 || data.shape[1] !== cifarPictureBytes) {
    const wanted = `[n, ${cifarPictureBytes}]`
    throw new FormatError(file, `data must be ${wanted}, got [${data.shape.join(', ')}]`)
  }
  const labels = takeList(entries, key, file)
  if (labels.length !== count) {
    throw new FormatError(file, `${key} must have ${count} labels, got ${labels.length}`)
  }
  return {
    pixels: data.data,
    labels: Int32Array.from(labels, (label, row) => checkLabel(label, classCount, file, row)),
  }
}

/**
 * Class names of the binary version: a line each.
 *
 * @throws FormatError if there are not as many as classes.
 */
export function parseCifarNames(bytes: Uint8Array, classCount: number, file: string): string[] {
  const names = Buffer.from(bytes)
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim())
  return checkNames(
    names.filter((name) => name !== ''),
    classCount,
    file,
  )
}

/**
 * Class names of the Python version.
 *
 * @throws FormatError if the pickle has not as many under `key` as there are classes.
 */
export function parseCifarNamesPickle(
  bytes: Uint8Array,
  options: { readonly key: string; readonly classCount: number },
  file: string,
): string[] {
  const names = takeList(parseDictionary(bytes, file), options.key, file).map((name) => {
    if (typeof name === 'string') return name
    if (name instanceof Uint8Array) return Buffer.from(name).toString('utf8')
    throw new FormatError(file, `${options.key} holds something else than texts`)
  })
  return checkNames(names, options.classCount, file)
}

function checkNames(names: string[], classCount: number, file: string): string[] {
  if (names.length === classCount) return names
  throw new FormatError(file, `must name ${classCount} classes, names ${names.length}`)
}
