export { enclosingInterval, type EnclosingInterval } from './chebyshev/chebyshev-interval.ts'
export {
  chebyshevMoments,
  meanMoments,
  type ChebyshevMoments,
  type ChebyshevMomentsOptions,
} from './chebyshev/chebyshev-moments.ts'
export type { SpectralInterval } from './chebyshev/chebyshev-recurrence.ts'
export {
  compareWithKernelPolynomials,
  type KernelPolynomialComparison,
} from './chebyshev/kernel-polynomial-check.ts'
export { kernelPolynomialDensity, kernelPolynomialMass } from './chebyshev/kernel-polynomial.ts'
export { symmetricEigenvalues } from './krylov/dense-eigenvalues.ts'
export type { Deflation } from './density/deflation.ts'
export { estimateDensity, type DensityOptions, type DensityResult } from './density/density.ts'
export {
  checkMoments,
  type MomentCheck,
  type MomentsOptions,
  type MomentsResult,
} from './density/density-moments.ts'
export {
  findOutliers,
  type OutliersOptions,
  type OutliersResult,
} from './density/density-outliers.ts'
export type { DensityState } from './density/density-state.ts'
export {
  extremeEigenpairs,
  type EigenpairsOptions,
  type EigenpairsResult,
} from './eigenpairs/eigenpairs.ts'
export type { EigenpairsHeader, EigenpairsState } from './eigenpairs/eigenpairs-state.ts'
export { interiorEigenpairs, interiorVectors } from './interior/interior-eigenpairs.ts'
export type { InteriorOptions, InteriorResult } from './interior/interior-search.ts'
export {
  lanczos,
  type LanczosOptions,
  type LanczosResult,
  type LanczosStatus,
} from './krylov/lanczos.ts'
export { orthogonalizeBlock, type OrthogonalizedBlock } from './krylov/orthogonalize-block.ts'
export type { Eigenpair } from './krylov/measure-pairs.ts'
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
} from './traces/trace.ts'
export { eigenSymmetric, eigenTridiagonal, quadratureTridiagonal } from './krylov/tridiagonal.ts'
export { estimateDiagonal, type DiagonalOptions, type DiagonalResult } from './traces/diagonal.ts'
export { effectiveDimension, type EffectiveDimension } from './traces/effective-dimension.ts'
export {
  measureScalar,
  scalarStateRows,
  type ScalarOptions,
  type ScalarQuantity,
  type ScalarResult,
} from './traces/scalar-measures.ts'
export {
  bulkRatio,
  bulkScale,
  effectiveRank,
  goldilocksRatio,
  participationRatio,
} from './traces/scalars.ts'
export {
  countOutliers,
  chanceShare,
  gradientShare,
  principalAngles,
  subspaceOverlap,
  type GradientShare,
  type OutlierCount,
  type SubspaceAngles,
  type SubspaceOverlap,
} from './subspaces.ts'
