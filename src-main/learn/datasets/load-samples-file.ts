import { InputError, ShapeError } from '#base'
import { sizeOf } from '#tensor/dense'
import { parseCsv } from './csv.ts'
import { loadArrays, takeArray } from './load-arrays.ts'
import { checkFinite, type NamedArray } from './named-array.ts'
import { readInflated } from './read-file.ts'
import {
  classificationSamples,
  largestEntryCount,
  regressionSamples,
  type Samples,
} from './samples.ts'

/** What the targets of a file mean. */
type SamplesTask = 'classification' | 'regression'

/** How to read a file of samples. */
export interface LoadSamplesOptions {
  readonly task: SamplesTask
  /** Classes there are, for classification; default: the largest label + 1, at least 2. */
  readonly classCount?: number | undefined
}

/** Float32 values of an array, refusing what is not finite before or after rounding. */
function finiteValues(array: NamedArray, name: string, file: string): Float32Array {
  checkFinite(array, name, file)
  if (array.data instanceof Float32Array) return array.data
  const data = Float32Array.from(array.data)
  const index = data.findIndex((value) => !Number.isFinite(value))
  if (index >= 0) {
    const width = data.length / array.shape[0]!
    const row = Math.floor(index / width)
    throw new InputError(
      file,
      `${array.data[index]!} in ${name} at row ${row}, column ${index - row * width} of ${file} is beyond float32`,
    )
  }
  return data
}

/** Integer classes 0…c − 1 and their number c. */
function readLabels(
  y: NamedArray,
  file: string,
  wantedClasses: number | undefined,
): { readonly labels: Int32Array; readonly classCount: number } {
  // As many classes as one-hot targets have room for.
  const limit = wantedClasses ?? Math.floor(largestEntryCount / y.data.length)
  let classCount = wantedClasses ?? 2
  for (let row = 0; row < y.data.length; row += 1) {
    const label = y.data[row]!
    if (!Number.isInteger(label) || label < 0 || label >= limit) {
      const problem = `label must be an integer in 0…${limit - 1}, got ${label}`
      throw new InputError(file, `${problem} in y at row ${row} of ${file}`)
    }
    classCount = Math.max(classCount, label + 1)
  }
  return { labels: Int32Array.from(y.data), classCount }
}

function samplesOf(
  x: NamedArray,
  y: NamedArray,
  options: LoadSamplesOptions,
  file: string,
): Samples {
  const { task } = options
  const [count = 0] = x.shape
  if (count < 1 || x.data.length < 1) {
    throw new ShapeError(`x in ${file}`, '[n, …] of at least one row and column', x.shape)
  }
  const features = finiteValues(x, 'x', file)
  const label = `y in ${file}, by x [${x.shape.join(', ')}],`
  if (task === 'classification') {
    if (y.shape[0] !== count || sizeOf(y.shape) !== count) {
      throw new ShapeError(label, `[${count}]`, y.shape)
    }
    const { labels, classCount } = readLabels(y, file, options.classCount)
    return classificationSamples(features, labels, classCount)
  }
  if (y.shape[0] !== count || y.data.length < 1) {
    throw new ShapeError(label, `[${count}] or [${count}, c]`, y.shape)
  }
  return regressionSamples(features, finiteValues(y, 'y', file), count)
}

/** A table whose last column is the target. */
async function readTable(path: string): Promise<{ x: NamedArray; y: NamedArray }> {
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
  return {
    x: { dtype: 'float64', shape: [rowCount, width], data: features },
    y: { dtype: 'float64', shape: [rowCount], data: targets },
  }
}

/**
 * Samples from a person's own file, by its ending: `.npz` or `.safetensors` with `x` `[n, …]`
 * (flattened to rows) and `y`; `.csv` or `.csv.gz` with the target in the last column.
 *
 * For classification `y` is `[n]`, integers from 0; see {@link LoadSamplesOptions.classCount}.
 * For regression it is `[n]` or `[n, c]`.
 *
 * @throws ShapeError naming the arrays, if their shapes do not fit.
 * @throws InputError naming array, row (from 0) and file, at NaN, ±∞, or a label that is negative,
 *   fractional or too large; or if the ending is another.
 * @throws MissingFileError or FormatError if the file is not what it should be.
 */
export async function loadSamplesFile(path: string, options: LoadSamplesOptions): Promise<Samples> {
  if (/\.csv(\.gz)?$/.test(path)) {
    const { x, y } = await readTable(path)
    return samplesOf(x, y, options, path)
  }
  if (!/\.(npz|safetensors)$/.test(path)) {
    throw new InputError(path, `${path} must end in .npz, .safetensors, .csv or .csv.gz`)
  }
  const arrays = await loadArrays(path)
  return samplesOf(takeArray(arrays, 'x', path), takeArray(arrays, 'y', path), options, path)
}
