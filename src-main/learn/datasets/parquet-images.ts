import { FormatError, InputError } from '#base'
import type { ImageOptions } from './image-decode.ts'
import { imageSamples } from './image-samples.ts'
import { describeCell, labelOf, refuseLabel } from './load-parquet.ts'
import { checkColumns, withParquet, type ParquetFile } from './parquet-columns.ts'
import type { Samples } from './samples.ts'

/** How a table of pictures is read. */
export interface ParquetImageOptions extends ImageOptions {
  /** Column of encoded pictures, or of structures whose `bytes` they are; default `image`. */
  readonly imageColumn?: string | undefined
  /** Default `label`. */
  readonly labelColumn?: string | undefined
  /** Default: the largest label + 1, at least 2. */
  readonly classCount?: number | undefined
}

/** The encoded picture of a cell; null if it has none. */
function bytesOf(cell: unknown): Uint8Array | null {
  if (cell instanceof Uint8Array) return cell
  if (typeof cell !== 'object' || cell === null || !('bytes' in cell)) return null
  return cell.bytes instanceof Uint8Array ? cell.bytes : null
}

async function readImages(
  file: ParquetFile,
  options: ParquetImageOptions,
): Promise<Parameters<typeof imageSamples>[0]> {
  const { imageColumn = 'image', labelColumn = 'label', classCount: wanted, ...image } = options
  const { path, rowCount, columns, numericColumns } = file
  checkColumns(file, [imageColumn], columns)
  checkColumns(file, [labelColumn], numericColumns)
  if (rowCount === 0) throw new InputError(path, `${path} has no rows`)
  const images: Uint8Array[] = []
  const labels = new Int32Array(rowCount)
  const limit = wanted ?? 2 ** 31 - 1
  let classCount = wanted ?? 2
  await file.readColumns([imageColumn, labelColumn], (column, cells, first) => {
    for (let i = 0; i < cells.length; i += 1) {
      const row = first + i
      if (column === labelColumn) {
        const label = labelOf(cells[i], limit)
        if (label < 0) throw refuseLabel(cells[i], limit, { column, row, path })
        classCount = Math.max(classCount, label + 1)
        labels[row] = label
        continue
      }
      const bytes = bytesOf(cells[i])
      if (bytes === null) {
        const found = describeCell(cells[i])
        throw new InputError(
          path,
          `${found} in place of a picture in ${column} at row ${row} of ${path}`,
        )
      }
      images[row] = bytes
    }
  })
  const refuse = (row: number, problem: string) =>
    new FormatError(path, `${imageColumn} at row ${row}: ${problem}`)
  const store = { fetch: (row: number) => Promise.resolve(images[row]!), refuse }
  return { store, labels, classCount, image }
}

/**
 * Pictures in a Parquet table as Hugging Face writes them: a column of `{ bytes, path }` with JPEG, PNG or
 * WebP, and a column of labels. Pictures are decoded when they are read, a few at a time.
 *
 * Memory: the encoded pictures, at most 2 GiB.
 *
 * @returns Features `[3, size, size]`.
 * @throws InputError naming column, row (from 0) and file, at a cell without a picture or label; or if a
 *   column or option is not what it should be.
 * @throws MissingFileError or FormatError if the file is not what it should be. Reading throws FormatError
 *   with the row, if a picture is corrupt.
 */
export const loadParquetImages = async (
  path: string,
  options: ParquetImageOptions,
): Promise<Samples> => imageSamples(await withParquet(path, (file) => readImages(file, options)))
