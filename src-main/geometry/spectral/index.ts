export { estimateDensity, type DensityOptions, type DensityResult } from './density.ts'
export {
  extremeEigenpairs,
  type Eigenpair,
  type EigenpairsOptions,
  type EigenpairsResult,
} from './eigenpairs.ts'
export { lanczos, type LanczosOptions, type LanczosResult, type LanczosStatus } from './lanczos.ts'
export { estimateTrace, type TraceOptions, type TraceResult } from './trace.ts'
export { eigenSymmetric, eigenTridiagonal, quadratureTridiagonal } from './tridiagonal.ts'
