export { enclosingInterval, type EnclosingInterval } from './chebyshev-interval.ts'
export {
  chebyshevMoments,
  meanMoments,
  type ChebyshevMoments,
  type ChebyshevMomentsOptions,
} from './chebyshev-moments.ts'
export type { SpectralInterval } from './chebyshev-recurrence.ts'
export {
  compareWithKernelPolynomials,
  type KernelPolynomialComparison,
} from './kernel-polynomial-check.ts'
export { kernelPolynomialDensity, kernelPolynomialMass } from './kernel-polynomial.ts'
export { symmetricEigenvalues } from './dense-eigenvalues.ts'
export type { Deflation } from './deflation.ts'
export { estimateDensity, type DensityOptions, type DensityResult } from './density.ts'
export {
  checkMoments,
  type MomentCheck,
  type MomentsOptions,
  type MomentsResult,
} from './density-moments.ts'
export { findOutliers, type OutliersOptions, type OutliersResult } from './density-outliers.ts'
export type { DensityState } from './density-state.ts'
export { extremeEigenpairs, type EigenpairsOptions, type EigenpairsResult } from './eigenpairs.ts'
export type { EigenpairsHeader, EigenpairsState } from './eigenpairs-state.ts'
export { interiorEigenpairs, interiorVectors } from './interior-eigenpairs.ts'
export type { InteriorOptions, InteriorResult } from './interior-search.ts'
export { lanczos, type LanczosOptions, type LanczosResult, type LanczosStatus } from './lanczos.ts'
export { orthogonalizeBlock, type OrthogonalizedBlock } from './orthogonalize-block.ts'
export type { Eigenpair } from './measure-pairs.ts'
export type { ResumeOptions, SolverState } from './solver-state.ts'
export {
  densityVectors,
  eigenpairsVectors,
  traceStateRows,
  traceVectors,
  type SolverVectors,
} from './solver-vectors.ts'
export {
  estimateSquareTrace,
  estimateTrace,
  type TraceMethod,
  type TraceOptions,
  type TraceResult,
} from './trace.ts'
export { eigenSymmetric, eigenTridiagonal, quadratureTridiagonal } from './tridiagonal.ts'
export { estimateDiagonal, type DiagonalOptions, type DiagonalResult } from './diagonal.ts'
export { effectiveDimension, type EffectiveDimension } from './effective-dimension.ts'
export {
  measureScalar,
  scalarStateRows,
  type ScalarOptions,
  type ScalarQuantity,
  type ScalarResult,
} from './scalar-measures.ts'
export {
  bulkRatio,
  bulkScale,
  effectiveRank,
  goldilocksRatio,
  participationRatio,
} from './scalars.ts'
export {
  countOutliers,
  gradientShare,
  principalAngles,
  subspaceOverlap,
  type GradientShare,
  type OutlierCount,
  type SubspaceAngles,
  type SubspaceOverlap,
} from './subspaces.ts'
