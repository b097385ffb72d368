export { toCoordinate, type Coordinate } from './coordinate.ts'
export {
  asinhScale,
  smoothDensity,
  type DensityCurve,
  type DensityCurveOptions,
} from './density.ts'
export { jackknifeBand, jackknifeErrors } from './jackknife.ts'
export { meanAndStandardError, type Estimate } from './moments.ts'
export { restShare, weightedNodes, type Quadrature } from './quadrature.ts'
export { quadratureMoment, rowMoment } from './quadrature-moments.ts'
export { normalFactor, studentFactor } from './quantiles.ts'
export type { Interval } from './score-interval.ts'
export {
  countNegative,
  massBelow,
  zeroMass,
  zeroThreshold,
  type ZeroMass,
} from './spectrum-counts.ts'
export { splitQuadrature } from './averaged-quadrature.ts'
export { implicitQl, quadratureTridiagonal } from './tridiagonal.ts'
export { averagedLaw, wassersteinDistance, type PointLaw } from './wasserstein.ts'
export { betaMass, betaQuantile, betaTail, logGamma } from './beta.ts'
