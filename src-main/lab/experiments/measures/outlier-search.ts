/** Smallest eigenvalues looked for with as many largest ones: outliers lie above the bulk but for a few. */
export const bottomOf = (outliers: number): number => Math.max(1, Math.round(outliers / 3))

/** Budget of products of the search for outliers; a trained network needs about half of it. */
export const searchBudget = (outliers: number): number => 30 + 7 * (outliers + bottomOf(outliers))
