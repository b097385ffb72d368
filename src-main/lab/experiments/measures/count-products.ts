/** Counts the products of a measurement that goes in stages. */
export interface ProductCount {
  /** Of all stages that are over. */
  readonly products: number
  /** Tells how many the stage at hand has made so far. */
  readonly report: (stageProducts: number) => void
  /** The stage at hand is over after so many. */
  readonly settle: (stageProducts: number) => void
}

/** A count that passes sums on. */
export function countProducts(onProgress: ((products: number) => void) | undefined): ProductCount {
  let products = 0
  return {
    get products() {
      return products
    },
    report: (stageProducts) => onProgress?.(products + stageProducts),
    settle: (stageProducts) => {
      products += stageProducts
      onProgress?.(products)
    },
  }
}
