import { CsvError, parse } from 'csv-parse/sync'
import { FormatError, InputError } from '#base'

/** A table of numbers. */
export interface NumberTable {
  /** Column names if the first row was a header. */
  readonly header: readonly string[] | null
  readonly rowCount: number
  readonly columnCount: number
  /** `[rowCount, columnCount]`. */
  readonly values: Float64Array
}

const numberPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const nonFinitePattern = /^(?:nan|[+-]?inf(?:inity)?)$/i
const isNumeric = (cell: string) => numberPattern.test(cell) || nonFinitePattern.test(cell)

/** Names, or numbers that count the columns from 0 as pandas writes them; not data with a slip in it. */
const looksLikeHeader = (row: readonly string[]) =>
  !row.every(isNumeric) && row.every((cell, i) => !isNumeric(cell) || cell === String(i))

/** Where a cell stands, as an editor counts: from 1. */
const place = (line: number, column: number, header: readonly string[] | null): string => {
  const name = header?.[column]
  return `line ${line}, column ${column + 1}${name === undefined ? '' : ` (${name})`}`
}

function parseCell(cell: string, locate: () => string, file: string): number {
  if (numberPattern.test(cell)) {
    const value = Number(cell)
    if (Number.isFinite(value)) return value
    throw new InputError(file, `${cell} is beyond double precision at ${locate()} of ${file}`)
  }
  if (nonFinitePattern.test(cell)) throw new InputError(file, `${cell} at ${locate()} of ${file}`)
  const shown = cell.length > 40 ? `${cell.slice(0, 40)}…` : cell
  throw new FormatError(
    file,
    cell === ''
      ? `value missing at ${locate()}`
      : `not a number at ${locate()}: ${JSON.stringify(shown)}`,
  )
}

/** Most numbers of a table: 2 GiB. */
const largestTable = 2 ** 28

/** Numbers appended one row after another to a buffer that doubles. */
class GrowingTable {
  header: readonly string[] | null = null
  rowCount = 0
  columnCount = 0
  #values = new Float64Array(1024)
  #used = 0

  append(row: readonly string[], line: number, file: string): void {
    if (this.columnCount === 0) {
      this.columnCount = row.length
      if (looksLikeHeader(row)) {
        this.header = row
        return
      }
    }
    const needed = this.#used + row.length
    if (needed > largestTable) {
      throw new FormatError(
        file,
        `must hold at most ${largestTable} numbers, has more at line ${line}`,
      )
    }
    if (needed > this.#values.length) {
      const wanted = 2 * Math.max(this.#values.length, row.length)
      const larger = new Float64Array(Math.min(largestTable, wanted))
      larger.set(this.#values)
      this.#values = larger
    }
    for (let column = 0; column < row.length; column += 1) {
      const locate = () => place(line, column, this.header)
      this.#values[this.#used] = parseCell(row[column]!, locate, file)
      this.#used += 1
    }
    this.rowCount += 1
  }

  get values(): Float64Array {
    return this.#values.subarray(0, this.#used)
  }
}

/**
 * Reads comma-separated numbers. The first row is a header if its cells are names rather than
 * numbers.
 *
 * @param bytes - UTF-8, not gzipped.
 * @param file - Named in errors.
 * @throws FormatError naming line and column, if a row has another length than the first, or a cell
 *   is missing or not a number; naming the line, beyond 2²⁸ numbers.
 * @throws InputError naming line and column, at NaN or ±∞.
 */
export function parseCsv(bytes: Uint8Array, file: string): NumberTable {
  const table = new GrowingTable()
  try {
    parse(bytes, {
      bom: true,
      skip_empty_lines: true,
      trim: true,
      max_record_size: 64 * 2 ** 20,
      on_record: (row: string[], context) => {
        table.append(row, context.lines, file)
        return null
      },
    })
  } catch (error) {
    if (error instanceof CsvError) throw new FormatError(file, `not CSV: ${error.message}`)
    throw error
  }
  const { header, rowCount, columnCount, values } = table
  if (rowCount === 0) throw new FormatError(file, 'holds no row of numbers')
  return { header, rowCount, columnCount, values }
}
