export { divergence, integrateLaw } from './integrals.ts'
export type { Complex, SpectralLaw } from './law.ts'
export { marchenkoPastur } from './marchenko-pastur.ts'
export { semicircle } from './semicircle.ts'
