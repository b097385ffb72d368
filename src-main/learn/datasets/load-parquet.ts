import { InputError } from '#base'
import { checkColumns, withParquet, type ParquetFile } from './parquet-columns.ts'
import {
  checkEntryCount,
  classificationSamples,
  regressionSamples,
  type Samples,
} from './samples.ts'

/** Which columns are features and which is the answer. */
export interface ParquetOptions {
  /** Name of the column of answers. */
  readonly target: string
  /** Default: all columns of numbers but the target, in the file's order. */
  readonly features?: readonly string[] | undefined
  readonly task: 'classification' | 'regression'
  /** Default: the largest label + 1, at least 2. */
  readonly classCount?: number | undefined
}

/** A cell as a number that float32 holds; NaN for what is none. */
const numberOf = (cell: unknown): number =>
  typeof cell === 'number' || typeof cell === 'bigint' || typeof cell === 'boolean'
    ? Math.fround(Number(cell))
    : NaN

/** How a cell is called in a message. */
export function describeCell(cell: unknown): string {
  if (typeof cell === 'string' || typeof cell === 'boolean') return String(cell).slice(0, 40)
  if (typeof cell === 'number' || typeof cell === 'bigint') return String(cell)
  return cell === null || cell === undefined ? 'nothing' : 'no number'
}

/** A cell as a label; −1 for what is none. */
export function labelOf(cell: unknown, limit: number): number {
  const label = typeof cell === 'number' || typeof cell === 'bigint' ? Number(cell) : -1
  return Number.isInteger(label) && label >= 0 && label < limit ? label : -1
}

/** The error at a label that is none. */
export function refuseLabel(
  cell: unknown,
  limit: number,
  place: { readonly column: string; readonly row: number; readonly path: string },
): InputError {
  const { column, row, path } = place
  const problem = `label must be an integer in 0…${limit - 1}, got ${describeCell(cell)}`
  return new InputError(path, `${problem} in ${column} at row ${row} of ${path}`)
}

async function readSamples(file: ParquetFile, options: ParquetOptions): Promise<Samples> {
  const { path, rowCount, numericColumns } = file
  const { target, task } = options
  const names = options.features ?? numericColumns.filter((name) => name !== target)
  checkColumns(file, [target, ...names], numericColumns)
  if (names.length === 0 || new Set([target, ...names]).size !== names.length + 1) {
    throw new InputError(
      path,
      `features must be one or more columns, each once and none the target, got [${names.join(', ')}]`,
    )
  }
  if (rowCount === 0) throw new InputError(path, `${path} has no rows`)
  checkEntryCount('rows', rowCount, names.length)
  const width = names.length
  const values = new Float32Array(rowCount * width)
  const answers = new Float32Array(task === 'regression' ? rowCount : 0)
  const labels = new Int32Array(task === 'regression' ? 0 : rowCount)
  const limit = options.classCount ?? 2 ** 31 - 1
  let classCount = options.classCount ?? 2
  await file.readColumns([...names, target], (column, cells, first) => {
    const at = names.indexOf(column)
    for (let i = 0; i < cells.length; i += 1) {
      const row = first + i
      if (column === target && task === 'classification') {
        const label = labelOf(cells[i], limit)
        if (label < 0) throw refuseLabel(cells[i], limit, { column, row, path })
        classCount = Math.max(classCount, label + 1)
        labels[row] = label
        continue
      }
      const value = numberOf(cells[i])
      if (!Number.isFinite(value)) {
        const found = describeCell(cells[i])
        throw new InputError(path, `${found} in ${column} at row ${row} of ${path}`)
      }
      if (at < 0) answers[row] = value
      else values[row * width + at] = value
    }
  })
  return task === 'classification'
    ? classificationSamples(values, labels, classCount, [width])
    : regressionSamples(values, answers, rowCount, [width])
}

/**
 * Samples from a Parquet table: columns of numbers or truth values as features `[columns]`, and a column of
 * labels 0…c − 1 or of numbers to be predicted. In memory as float32.
 *
 * All codecs and encodings of flat columns are read. Columns of texts, dates, decimals and lists are not;
 * by default they are left out.
 *
 * @throws InputError naming column, row (from 0) and file, at a cell without a value, NaN, ±∞ or beyond
 *   float32, or a label that is none; or naming the columns there are, if one is not among them.
 * @throws MissingFileError or FormatError if the file is not what it should be.
 *
 * @see Apache Parquet, File Format
 */
export const loadParquet = (path: string, options: ParquetOptions): Promise<Samples> =>
  withParquet(path, (file) => readSamples(file, options))
