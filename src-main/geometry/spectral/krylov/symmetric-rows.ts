/** The lower triangle of a symmetric matrix, row by row. */
export const lowerTriangle = (matrix: readonly (readonly number[])[]): number[][] =>
  matrix.map((row, i) => row.slice(0, i + 1))

/** The symmetric matrix of a lower triangle. */
export const symmetricOf = (triangle: readonly (readonly number[])[]): number[][] =>
  triangle.map((row, i) => triangle.map((other, j) => (j <= i ? row[j]! : other[i]!)))
