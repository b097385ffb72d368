/** What a search for interior eigenvalues ended with. */
export interface InteriorOutcome {
  readonly count: number
  readonly target: number
  /** Reported residuals within the limit. */
  readonly settled: number
  /** Residual allowed. */
  readonly limit: number
  /** Whether nothing nearer by more than the limit can be missing. */
  readonly isComplete: boolean
  /** Largest |λ − target| reported. */
  readonly distance: number
  /** Eigenvalues shown to lie no farther than `distance` + `limit`. */
  readonly within: number
  readonly products: number
  readonly degree: number
  /** Estimated number of eigenvalues that the filter lets through. */
  readonly passed: number
  /** Largest residual reported. */
  readonly worst: number
  /** Products that would tell the eigenvalues apart if they were evenly dense. */
  readonly separating: number
}

const short = (value: number): string => Number(value.toPrecision(2)).toString()

/** Says how the search ended, whether "the nearest" is well defined, and what to try. */
export function describeInterior(outcome: InteriorOutcome): string {
  const { count, settled, limit, isComplete, distance, within } = outcome
  const notes: string[] = []
  if (settled < count || !isComplete) {
    const shortfall =
      settled < count
        ? `${settled} of ${count} residuals are within the tolerance of ${short(limit)}`
        : 'all residuals are within tolerance, but eigenvalues nearer to the target may be missing'
    notes.push(
      `${shortfall} after ${outcome.products} products${describeCrowd(outcome)}. Try a budget of about ${short(productsNeeded(outcome))} products, or a larger tolerance.`,
    )
  }
  if (within > count) {
    notes.push(
      `the nearest are not unique: at least ${within} eigenvalues lie within ${short(distance + limit)} of the target, and nothing within the tolerance tells the ${count} reported from the others${describeCrowd(outcome)}.`,
    )
  } else if (settled === count && distance <= limit) {
    notes.push(
      `all ${count} lie within the tolerance of ${short(limit)} of the target, where there may be more${describeCrowd(outcome)}. A smaller tolerance would tell them apart.`,
    )
  }
  return notes.join(' ')
}

/**
 * Room for the restarts at other degrees. On a network's Hessian of 978 parameters (5 values near 0 to 10⁻³) a factor of 1.5, 54,000
 * products, was enough for 1 of 3 seeds; 80,000 and 110,000 were for all three.
 */
const mixtureFactor = 2.5

/**
 * Products to try: those that tell the eigenvalues apart, or those that bring mixtures of them within the tolerance, as residuals of
 * mixtures fall with the reciprocal of the degree.
 */
const productsNeeded = ({ products, separating, worst, limit }: InteriorOutcome): number =>
  Math.max(2 * products, Math.min(separating, (mixtureFactor * products * worst) / limit))

/** How many eigenvalues the filter could not tell apart, if they are many. */
const describeCrowd = ({ passed, count, target, degree }: InteriorOutcome): string =>
  passed > 2 * count
    ? `; about ${short(passed)} lie as near to ${short(target)} as a filter of degree ${degree} can tell`
    : ''
