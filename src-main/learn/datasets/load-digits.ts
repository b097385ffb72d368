import { FormatError } from '#base'
import { parseCsv } from './csv.ts'
import { readInflated } from './read-file.ts'
import { classificationSamples, type Samples } from './samples.ts'

const pixelCount = 64
const classCount = 10
const largestPixel = 16

/**
 * The 1,797 handwritten digits of UCI's optical recognition set: 8 × 8 pixels, 10 classes.
 * Pixels are divided by 16, so they lie in [0, 1], and are not centered.
 *
 * @param folder - Holds `digits.csv.gz`.
 * @throws MissingFileError or FormatError if the file is not what it should be.
 *
 * @see Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI (1998)
 */
export async function loadDigits(folder: string): Promise<Samples> {
  const path = `${folder}/digits.csv.gz`
  const { rowCount, columnCount, values } = parseCsv(await readInflated(path), path)
  if (columnCount !== pixelCount + 1) {
    throw new FormatError(path, `must have ${pixelCount + 1} columns, got ${columnCount}`)
  }
  const features = new Float32Array(rowCount * pixelCount)
  const labels = new Int32Array(rowCount)
  for (let row = 0; row < rowCount; row += 1) {
    const start = row * columnCount
    for (let j = 0; j < pixelCount; j += 1) {
      features[row * pixelCount + j] = values[start + j]! / largestPixel
    }
    const label = values[start + pixelCount]!
    if (!Number.isInteger(label) || label < 0 || label >= classCount) {
      throw new FormatError(path, `label must be in 0…9, got ${label} at row ${row}`)
    }
    labels[row] = label
  }
  return classificationSamples(features, labels, classCount, [1, 8, 8])
}
