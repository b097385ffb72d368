/**
 * An axis on which a density is drawn: λ itself; u = asinh(λ/scale), which is linear within ±scale and logarithmic
 * beyond, so a bulk and an outlier 10⁴ times as large are both resolved; or log₁₀ |λ| of the eigenvalues of one sign.
 */
export type Coordinate =
  | { readonly kind: 'linear' }
  | { readonly kind: 'asinh'; readonly scale: number }
  | { readonly kind: 'log'; readonly sign: 1 | -1 }

/** λ → u; NaN where λ has no place on the axis. */
export function toCoordinate(coordinate: Coordinate, value: number): number {
  switch (coordinate.kind) {
    case 'linear':
      return value
    case 'asinh':
      return Math.asinh(value / coordinate.scale)
    case 'log':
      return value * coordinate.sign > 0 ? Math.log10(value * coordinate.sign) : NaN
  }
}

/** u → λ. */
export function fromCoordinate(coordinate: Coordinate, u: number): number {
  switch (coordinate.kind) {
    case 'linear':
      return u
    case 'asinh':
      return coordinate.scale * Math.sinh(u)
    case 'log':
      return coordinate.sign * 10 ** u
  }
}
