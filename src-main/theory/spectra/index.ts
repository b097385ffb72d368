export { gaussLegendre, type QuadratureRule } from './gauss-legendre.ts'
export { divergence, integrateLaw } from './integrals.ts'
export type { Complex, Interval, SpectralLaw } from './law.ts'
export { marchenkoPastur } from './marchenko-pastur.ts'
export {
  addTransforms,
  marchenkoPasturTransform,
  semicircleTransform,
  type RTransform,
} from './r-transform.ts'
export { semicircle } from './semicircle.ts'
export {
  meanSpacingRatio,
  spacingReferences,
  spacingScore,
  type MeanSpacingRatio,
  type SpacingReference,
} from './spacings.ts'
export { additiveSpike, multiplicativeSpike, type SpikeOutcome } from './spikes.ts'
export { tracyWidomDistribution, tracyWidomMoments } from './tracy-widom.ts'
