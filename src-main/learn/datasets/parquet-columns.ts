import type { AsyncBuffer, Compressors, FileMetaData, SchemaTree } from 'hyparquet'
import { FormatError, InputError } from '#base'
import { withSource, type ByteSource } from './byte-source.ts'
import { checkPages } from './parquet-pages.ts'

/** An open Parquet file. */
export interface ParquetFile {
  readonly path: string
  readonly rowCount: number
  /** Names of the columns of numbers and truth values, in the file's order. */
  readonly numericColumns: readonly string[]
  readonly columns: readonly string[]
  /**
   * Reads columns, one group of rows after another.
   *
   * @param visit - Gets the values of one column from row `first` on.
   */
  readColumns(
    names: readonly string[],
    visit: (column: string, values: ArrayLike<unknown>, first: number) => void,
  ): Promise<void>
}

/** Largest content of the columns that are read, inflated. */
const largestContent = 2 ** 31

const numericTypes = new Set(['BOOLEAN', 'INT32', 'INT64', 'FLOAT', 'DOUBLE'])

/** A column of plain numbers: no date, decimal or list. */
function isNumeric({ element, children }: SchemaTree): boolean {
  const { type, repetition_type, converted_type = 'INT_64', logical_type } = element
  return (
    children.length === 0 &&
    type !== undefined &&
    numericTypes.has(type) &&
    repetition_type !== 'REPEATED' &&
    /^U?INT_/.test(converted_type) &&
    (logical_type === undefined || logical_type.type === 'INTEGER')
  )
}

/** Decompressors that make no more bytes than a page may have. */
function boundedCompressors(compressors: Compressors): Compressors {
  const bounded: Compressors = {}
  for (const codec of Object.keys(compressors) as (keyof Compressors)[]) {
    bounded[codec] = (input, length) => {
      if (length < 0 || length > largestContent) throw new Error(`page claims ${length} bytes`)
      return compressors[codec]!(input, length)
    }
  }
  return bounded
}

function checkMetadata(metadata: FileMetaData, path: string): number {
  const rowCount = Number(metadata.num_rows)
  let sum = 0
  for (const { num_rows, columns } of metadata.row_groups) {
    sum += Number(num_rows)
    for (const { meta_data: column, file_path } of columns) {
      if (column === undefined || file_path !== undefined) {
        throw new FormatError(path, 'columns in other files or encrypted are not read')
      }
    }
  }
  if (!Number.isSafeInteger(rowCount) || rowCount < 0 || sum !== rowCount) {
    throw new FormatError(path, `claims ${rowCount} rows, its groups have ${sum}`)
  }
  return rowCount
}

/** Refuses columns that claim more content than may be or other numbers of rows, or have broken pages. */
async function checkContent(
  metadata: FileMetaData,
  names: readonly string[],
  source: ByteSource,
): Promise<void> {
  const { path } = source
  let total = 0
  for (const { num_rows, columns } of metadata.row_groups) {
    for (const { meta_data: column } of columns) {
      if (column === undefined || !names.includes(column.path_in_schema[0] ?? '')) continue
      total += Math.abs(Number(column.total_uncompressed_size))
      if (total > largestContent) {
        const problem = `columns must hold at most ${largestContent} bytes, claim ${total}`
        throw new FormatError(path, problem)
      }
      if (column.num_values === num_rows) {
        await checkPages(source, column)
        continue
      }
      const label = column.path_in_schema.join('.')
      const problem = `column ${label} has ${column.num_values} values in a group of ${num_rows} rows`
      throw new FormatError(path, problem)
    }
  }
}

/** What the library throws at broken files is of any class. */
async function guarded<T>(
  path: string,
  buffer: SourceBuffer,
  work: () => Promise<T> | T,
): Promise<T> {
  try {
    const result = await work()
    if (buffer.failure !== null) throw buffer.failure
    return result
  } catch (thrown) {
    const error = buffer.failure ?? thrown
    if (error instanceof InputError) throw error
    throw new FormatError(path, `broken Parquet: ${(error as Error).message}`)
  }
}

/** A source as the library wants it, and the first error that reading it gave. */
interface SourceBuffer extends AsyncBuffer {
  readonly failure: Error | null
}

/**
 * Reads never reject: the library awaits some of them late, so that a rejection would end the process.
 * They give nothing instead, and keep the error.
 */
function bufferOf(source: ByteSource): SourceBuffer {
  let failure: Error | null = null
  return {
    byteLength: source.size,
    get failure() {
      return failure
    },
    slice: async (start, end = source.size) => {
      try {
        if (!(start >= 0 && end >= start && end <= source.size)) {
          throw new Error(`bytes ${start}…${end} lie outside of the file`)
        }
        const bytes = await source.read(start, end - start)
        return bytes.buffer as ArrayBuffer
      } catch (error) {
        failure ??= error as Error
        return new ArrayBuffer(0)
      }
    },
  }
}

async function openSource<T>(
  source: ByteSource,
  use: (file: ParquetFile) => Promise<T>,
): Promise<T> {
  const { path } = source
  const [{ parquetMetadataAsync, parquetRead, parquetSchema }, { compressors }] = await Promise.all(
    [import('hyparquet'), import('hyparquet-compressors')],
  )
  const file = bufferOf(source)
  const { metadata, tree } = await guarded(path, file, async () => {
    const read = await parquetMetadataAsync(file, { geoparquet: false })
    return { metadata: read, tree: parquetSchema(read) }
  })
  const rowCount = await guarded(path, file, () => checkMetadata(metadata, path))
  const readGroup = async (names: readonly string[], rowStart: number, rowEnd: number) => {
    const chunks: { column: string; values: ArrayLike<unknown>; first: number }[] = []
    await parquetRead({
      file,
      metadata,
      columns: [...names],
      rowStart,
      rowEnd,
      compressors: boundedCompressors(compressors),
      utf8: false,
      geoparquet: false,
      // Nothing may be thrown here: nobody would catch it.
      onChunk: ({ columnName, columnData, rowStart: first }) => {
        chunks.push({ column: columnName, values: columnData as ArrayLike<unknown>, first })
      },
    })
    return chunks
  }
  return use({
    path,
    rowCount,
    columns: tree.children.map(({ element }) => element.name),
    numericColumns: tree.children.filter(isNumeric).map(({ element }) => element.name),
    readColumns: (names, visit) =>
      guarded(path, file, async () => {
        await checkContent(metadata, names, source)
        let rowStart = 0
        for (const { num_rows } of metadata.row_groups) {
          const rowEnd = rowStart + Number(num_rows)
          const counts = new Map<string, number>()
          for (const { column, values, first } of await readGroup(names, rowStart, rowEnd)) {
            counts.set(column, (counts.get(column) ?? 0) + values.length)
            visit(column, values, first)
          }
          for (const name of names) {
            const found = counts.get(name) ?? 0
            if (found === rowEnd - rowStart) continue
            const problem = `column ${name} has ${found} values in rows ${rowStart}…${rowEnd - 1}`
            throw new FormatError(path, problem)
          }
          rowStart = rowEnd
        }
      }),
  })
}

/**
 * Opens a Parquet file, hands it over and closes it.
 *
 * @throws MissingFileError if there is none.
 * @throws FormatError naming the file, if it is broken, encrypted, or beyond 2 GiB of content.
 */
export const withParquet = <T>(path: string, use: (file: ParquetFile) => Promise<T>): Promise<T> =>
  withSource(path, (source) => openSource(source, use))

/**
 * Refuses names of columns that a file has not.
 *
 * @throws InputError naming those it has.
 */
export function checkColumns(
  { path, columns }: ParquetFile,
  names: readonly string[],
  allowed: readonly string[],
): void {
  for (const name of names) {
    if (allowed.includes(name)) continue
    const found = allowed.slice(0, 20).join(', ')
    const kind = columns.includes(name) ? 'column of that kind' : 'column'
    throw new InputError(path, `${path} has no ${kind} ${name}; it has ${found || 'none'}`)
  }
}
