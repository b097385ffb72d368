export {
  asinhScale,
  smoothDensity,
  toCoordinate,
  type Coordinate,
  type DensityCurve,
  type Quadrature,
} from './density.ts'
export { meanAndStandardError, type Estimate } from './moments.ts'
