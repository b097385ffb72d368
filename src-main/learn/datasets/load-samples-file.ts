import { InputError, ShapeError } from '#base'
import { sizeOf } from '#tensor/dense'
import type { TargetSpec, FeatureSpec } from '#learn/tasks'
import { parseCsv } from './csv.ts'
import { loadArrays, takeArray } from './load-arrays.ts'
import { finiteValues, integerValues, type LocatedArray } from './load-samples-values.ts'
import type { NamedArray, NamedArrays } from './named-array.ts'
import { readInflated } from './read-file.ts'
import { samplesInMemory, type Samples, type SplitSamples } from './samples.ts'

/** What the targets of a file mean. */
type SamplesTask = 'classification' | 'regression'

/** How to read a file of samples. */
export interface LoadSamplesOptions {
  readonly task: SamplesTask
  /** Classes there are, for classification; default: the largest label + 1, at least 2. */
  readonly classCount?: number | undefined
  /** Whether `x` `[n, length]` holds tokens; default: no. */
  readonly tokens?: boolean | undefined
  /** Different tokens there are; default: the largest token + 1, at least 2. */
  readonly vocabulary?: number | undefined
}

/** Rows of a file before they are checked: those to train on, or those held out. */
interface RawRows {
  readonly x: LocatedArray
  readonly y: LocatedArray
}

/** Most classes or tokens that are told apart without being asked for. */
const mostSymbols = 2 ** 24

/** Shape of a sample: images keep theirs, `[n, h, w]` are of one channel. */
function sampleShape([, ...shape]: readonly number[]): readonly number[] {
  if (shape.length === 2) return [1, ...shape]
  return shape.length === 3 ? shape : [sizeOf(shape)]
}

function checkRows({ x, y }: RawRows, options: LoadSamplesOptions): void {
  const [count = 0] = x.array.shape
  if (count < 1 || x.array.data.length < 1) {
    const wanted = '[n, …] of at least one row and column'
    throw new ShapeError(`${x.name} in ${x.file}`, wanted, x.array.shape)
  }
  if (options.tokens === true && x.array.shape.length !== 2) {
    throw new ShapeError(`${x.name} in ${x.file}`, '[n, length], for tokens', x.array.shape)
  }
  const label = `${y.name} in ${y.file}, by ${x.name} [${x.array.shape.join(', ')}],`
  const [rows, ...rest] = y.array.shape
  if (options.task === 'regression') {
    if (rows === count && y.array.data.length >= 1) return
    throw new ShapeError(label, `[${count}] or [${count}, c]`, y.array.shape)
  }
  if (rows === count && sizeOf(rest) === 1) return
  if (options.tokens !== true) throw new ShapeError(label, `[${count}]`, y.array.shape)
  const [, length] = x.array.shape
  if (rows === count && rest.length === 1 && rest[0] === length) return
  throw new ShapeError(label, `[${count}] or [${count}, ${length ?? 1}]`, y.array.shape)
}

/** Integers of several arrays and how many different ones there may be. */
function readSymbols(
  parts: readonly LocatedArray[],
  what: string,
  wanted: number | undefined,
): { readonly values: readonly Int32Array[]; readonly count: number } {
  const values = parts.map((part) => integerValues(part, what, wanted ?? mostSymbols))
  const largest = values.reduce((most, array) => array.reduce((a, b) => (a > b ? a : b), most), 1)
  return { values, count: wanted ?? largest + 1 }
}

/** Samples of each part; they agree on classes, vocabulary and shape. */
function samplesOf(parts: readonly RawRows[], options: LoadSamplesOptions): Samples[] {
  for (const part of parts) checkRows(part, options)
  const [{ x, y }] = parts as readonly [RawRows]
  const inputs = parts.map((part) => part.x)
  const answers = parts.map((part) => part.y)
  let features: FeatureSpec
  let values: readonly (Float32Array | Int32Array)[]
  if (options.tokens === true) {
    const symbols = readSymbols(inputs, 'token', options.vocabulary)
    features = { kind: 'tokens', length: x.array.shape[1]!, vocabulary: symbols.count }
    values = symbols.values
  } else {
    features = { kind: 'values', shape: sampleShape(x.array.shape) }
    values = inputs.map(finiteValues)
  }
  const perSample = y.array.data.length / x.array.shape[0]!
  let targets: TargetSpec
  let results: readonly (Float32Array | Int32Array)[]
  if (options.task === 'classification') {
    const symbols = readSymbols(answers, 'label', options.classCount)
    targets = { kind: 'classes', count: symbols.count, perSample }
    results = symbols.values
  } else {
    targets = { kind: 'values', count: perSample }
    results = answers.map(finiteValues)
  }
  return parts.map((_, i) =>
    samplesInMemory({ features, targets, values: values[i]!, answers: results[i]! }),
  )
}

/** A table whose last column is the target. */
async function readTable(path: string): Promise<RawRows> {
  const { rowCount, columnCount, values } = parseCsv(await readInflated(path), path)
  const width = columnCount - 1
  if (width < 1) throw new ShapeError(path, '[n, 2 or more columns]', [rowCount, columnCount])
  const features = new Float64Array(rowCount * width)
  const targets = new Float64Array(rowCount)
  for (let row = 0; row < rowCount; row += 1) {
    const start = row * columnCount
    features.set(values.subarray(start, start + width), row * width)
    targets[row] = values[start + width]!
  }
  const located = (name: string, shape: readonly number[], data: Float64Array): LocatedArray => ({
    name,
    file: path,
    array: { dtype: 'float64', shape, data },
  })
  return {
    x: located('x', [rowCount, width], features),
    y: located('y', [rowCount], targets),
  }
}

/** Arrays held out, in the shape of those trained on; null if there are none. */
function takeHeldOut(arrays: NamedArrays, train: RawRows, file: string): RawRows | null {
  if (!arrays.has('x_valid') && !arrays.has('y_valid')) return null
  const located = (name: string): LocatedArray => ({
    name,
    file,
    array: takeArray(arrays, name, file),
  })
  const [x, y] = [located('x_valid'), located('y_valid')]
  const checkLike = (held: LocatedArray, like: NamedArray) => {
    const rest = like.shape.slice(1)
    if (held.array.shape.slice(1).join() === rest.join() && held.array.shape.length > 0) return
    throw new ShapeError(
      `${held.name} in ${file}`,
      `[${['n', ...rest].join(', ')}]`,
      held.array.shape,
    )
  }
  checkLike(x, train.x.array)
  checkLike(y, train.y.array)
  return { x, y }
}

/**
 * Samples from a person's own file, by its ending: `.npz` or `.safetensors` with `x` and `y`, and
 * `x_valid` and `y_valid` for rows that are held out; `.csv` or `.csv.gz` with the target in the last
 * column, where none is.
 *
 * `x` `[n, features]`; `[n, channels, height, width]` and `[n, height, width]` are images; other ranks
 * are flattened to rows. With `tokens` it is `[n, length]`, integers from 0. For classification `y` is
 * `[n]`, integers from 0, or `[n, length]` for tokens. For regression it is `[n]` or `[n, c]`.
 *
 * @throws ShapeError naming the arrays, if their shapes do not fit.
 * @throws InputError naming array, row (from 0) and file, at NaN, ±∞, or a label or token that is
 *   negative, fractional or too large; or if the ending is another.
 * @throws MissingFileError or FormatError if the file is not what it should be.
 */
export async function loadSamplesFileParts(
  path: string,
  options: LoadSamplesOptions,
): Promise<SplitSamples> {
  let parts: readonly RawRows[]
  if (/\.csv(\.gz)?$/.test(path)) parts = [await readTable(path)]
  else if (/\.(npz|safetensors)$/.test(path)) {
    const arrays = await loadArrays(path)
    const train = {
      x: { name: 'x', file: path, array: takeArray(arrays, 'x', path) },
      y: { name: 'y', file: path, array: takeArray(arrays, 'y', path) },
    }
    const heldOut = takeHeldOut(arrays, train, path)
    parts = heldOut === null ? [train] : [train, heldOut]
  } else {
    throw new InputError(path, `${path} must end in .npz, .safetensors, .csv or .csv.gz`)
  }
  const [train, validation = null] = samplesOf(parts, options) as [Samples, Samples?]
  return { train, validation }
}

/** The samples to train on of {@link loadSamplesFileParts}; throws as that does. */
export async function loadSamplesFile(path: string, options: LoadSamplesOptions): Promise<Samples> {
  return (await loadSamplesFileParts(path, options)).train
}
