import { fillNormal, type RandomStream } from '#base'

/** Orthonormal rows `[rowCount, dimension]`, uniform over all such frames: Gram–Schmidt, twice, on normal vectors. */
export function randomFrame(
  rowCount: number,
  dimension: number,
  stream: RandomStream,
): Float64Array {
  const frame = new Float64Array(rowCount * dimension)
  for (let i = 0; i < rowCount; i += 1) {
    const row = frame.subarray(i * dimension, (i + 1) * dimension)
    fillNormal(row, stream)
    for (let pass = 0; pass < 2; pass += 1) {
      for (let j = 0; j < i; j += 1) {
        const other = frame.subarray(j * dimension, (j + 1) * dimension)
        let overlap = 0
        for (let k = 0; k < dimension; k += 1) overlap += row[k]! * other[k]!
        for (let k = 0; k < dimension; k += 1) row[k]! -= overlap * other[k]!
      }
    }
    let square = 0
    for (const value of row) square += value * value
    const scale = 1 / Math.sqrt(square)
    for (let k = 0; k < dimension; k += 1) row[k]! *= scale
  }
  return frame
}

/** target += Σⱼ coordinates[j] · frame row j. */
export function embed(target: Float64Array, coordinates: Float64Array, frame: Float64Array): void {
  const dimension = target.length
  for (let j = 0; j < coordinates.length; j += 1) {
    const weight = coordinates[j]!
    const row = j * dimension
    for (let k = 0; k < dimension; k += 1) target[k]! += weight * frame[row + k]!
  }
}
