import type { ColumnMetaData, PageHeader } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { FormatError } from '#base'
import type { ByteSource } from './byte-source.ts'

const isWithin = (value: number | undefined, least: number, most: number): boolean =>
  value !== undefined && Number.isInteger(value) && value >= least && value <= most

/** Values of a data page; 0 of a dictionary; null if what it claims cannot be. */
function valuesOf(header: PageHeader, rest: number, column: ColumnMetaData): number | null {
  const { compressed_page_size: packed, uncompressed_page_size: size } = header
  const most = Number(column.num_values)
  const isSized =
    isWithin(packed, 0, rest) && isWithin(size, 0, Number(column.total_uncompressed_size))
  if (!isSized) return null
  const { data_page_header: first, data_page_header_v2: second } = header
  if (header.type === 'DICTIONARY_PAGE') {
    return isWithin(header.dictionary_page_header?.num_values, 0, most) ? 0 : null
  }
  if (header.type === 'DATA_PAGE' && first !== undefined) {
    return isWithin(first.num_values, 1, most) ? first.num_values : null
  }
  if (header.type !== 'DATA_PAGE_V2' || second === undefined) return null
  const { num_values, num_nulls, num_rows } = second
  const { definition_levels_byte_length: levels, repetition_levels_byte_length: others } = second
  const isRight =
    isWithin(num_values, 1, most) &&
    isWithin(num_nulls, 0, num_values) &&
    num_rows === num_values &&
    isWithin(levels, 0, packed) &&
    isWithin(others, 0, packed - levels) &&
    levels + others <= size
  return isRight ? num_values : null
}

/**
 * Walks over the pages of a flat column before the library reads them, as it trusts what they claim.
 *
 * @throws FormatError with the byte offset of a page that claims more bytes than there are, more content
 *   than its column, or other numbers of values; or of a column outside of the file.
 */
export async function checkPages(source: ByteSource, column: ColumnMetaData): Promise<void> {
  const { path, size } = source
  const name = column.path_in_schema.join('.')
  const start = Number(column.dictionary_page_offset ?? column.data_page_offset)
  const length = Number(column.total_compressed_size)
  if (!isWithin(start, 0, size) || !isWithin(length, 0, size - start)) {
    throw new FormatError(path, `column ${name} lies outside of the file`)
  }
  const bytes = await source.read(start, length)
  const reader = { view: new DataView(bytes.buffer), offset: 0 }
  let values = 0
  while (values < Number(column.num_values)) {
    const at = start + reader.offset
    const header = parquetHeader(reader)
    const found = valuesOf(header, length - reader.offset, column)
    if (found === null) throw new FormatError(path, `broken page of column ${name}`, at)
    values += found
    reader.offset += header.compressed_page_size
  }
  if (values > Number(column.num_values)) {
    throw new FormatError(path, `pages of column ${name} have too many values`, start)
  }
}
