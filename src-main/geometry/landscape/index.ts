export { gaussianPerturbation } from './gaussian-perturbation.ts'
export { lineBarrier, type LineBarrier } from './line-barrier.ts'
export { lossAlongLine, type LineOptions, type LineProfile } from './loss-along-line.ts'
export { normalizeFilters, type FilterOptions } from './normalize-filters.ts'
