import { InputError, ShapeError, FormatError } from '#base'
import { sizeOf } from '#tensor/dense'
import { readArrays } from './array-files.ts'
import { parseCsv } from './csv.ts'
import type { NamedArray } from './named-array.ts'
import { readBytes } from './read-file.ts'
import { labelledSamples, requireFinite, type Samples } from './samples.ts'

/** What the targets of a file mean. */
export type Task = 'classification' | 'regression'

/**
 * Reads samples from a file of a person's own.
 *
 * `.npz`, `.safetensors`: `x` `[n, …]` (flattened) and `y` `[n]` classes or `[n]`, `[n, c]` numbers.
 * `.csv`, `.csv.gz`: one row a sample, the target last.
 *
 * @param options.classCount - Outputs of the network that will read them; default: largest label + 1.
 * @throws MissingFileError, FormatError, ShapeError, InputError or NonFiniteError, each naming file, array
 *   and row.
 */
export async function loadSamplesFile(
  path: string,
  options: { readonly task: Task; readonly classCount?: number },
): Promise<Samples> {
  const { x, y } = await readPair(path)
  const count = x.shape[0] ?? 0
  if (count < 1) throw new InputError(path, `${path}: x holds no sample`)
  if (y.shape[0] !== count) throw new ShapeError(`y in ${path}`, `[${count}, …]`, y.shape)
  const featureCount = sizeOf(x.shape.slice(1))
  requireFinite(x.data, featureCount, `x of ${path}`)
  requireFinite(y.data, sizeOf(y.shape.slice(1)), `y of ${path}`)
  const features = Float32Array.from(x.data)
  if (options.task === 'classification') {
    const labels = readLabels(path, y)
    const found = labels.reduce((a, b) => Math.max(a, b), 1) + 1
    const classCount = options.classCount ?? found
    if (found > classCount) {
      throw new InputError(
        path,
        `y in ${path} must be in 0…${classCount - 1} (the network has ${classCount} outputs), got ${found - 1}`,
      )
    }
    return labelledSamples(features, labels, classCount)
  }
  return {
    count,
    featureCount,
    outputCount: sizeOf(y.shape.slice(1)),
    features,
    targets: Float32Array.from(y.data),
    labels: null,
  }
}

async function readPair(path: string): Promise<{ x: NamedArray; y: NamedArray }> {
  if (/\.csv(\.gz)?$/.test(path)) return splitTable(path, parseCsv(await readBytes(path), path))
  if (!/\.(npz|safetensors)$/.test(path)) {
    throw new FormatError(path, 'must end in .npz, .safetensors, .csv or .csv.gz')
  }
  const arrays = await readArrays(path)
  const [x, y] = [arrays.get('x'), arrays.get('y')]
  if (x === undefined || y === undefined) {
    throw new FormatError(path, `must hold arrays x and y, has ${[...arrays.keys()].join(', ')}`)
  }
  return { x, y }
}

function splitTable(path: string, { shape, data }: NamedArray): { x: NamedArray; y: NamedArray } {
  const [rows, columns] = shape as [number, number]
  if (columns < 2) throw new FormatError(path, `wants 2 columns or more, has ${columns}`)
  const x = new Float64Array(rows * (columns - 1))
  const y = new Float64Array(rows)
  for (let row = 0; row < rows; row += 1) {
    const values = data.subarray(row * columns, (row + 1) * columns)
    x.set(values.subarray(0, columns - 1), row * (columns - 1))
    y[row] = values[columns - 1]!
  }
  return {
    x: { dtype: 'float64', shape: [rows, columns - 1], data: x },
    y: { dtype: 'float64', shape: [rows], data: y },
  }
}

function readLabels(path: string, y: NamedArray): Int32Array {
  if (sizeOf(y.shape.slice(1)) !== 1) {
    throw new ShapeError(`y in ${path}`, `[${y.shape[0]!}] of classes`, y.shape)
  }
  const wrong = y.data.findIndex((value) => !Number.isInteger(value) || value < 0 || value > 1e6)
  if (wrong >= 0) {
    throw new InputError(
      path,
      `y in ${path} must be classes 0, 1, …, got ${y.data[wrong]!} at row ${wrong}`,
    )
  }
  return Int32Array.from(y.data)
}
