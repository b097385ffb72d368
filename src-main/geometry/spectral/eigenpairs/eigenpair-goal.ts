/** Ritz values with the lengths of their residuals. */
export interface RitzValues {
  /** Ascending. */
  readonly values: Float64Array
  readonly residuals: Float64Array
}

/** Against what a residual is judged: see {@link EigenpairsOptions.relativeTo}. */
export type RelativeTo = 'own' | 'largest'

/** Share of the largest |λ| below which a residual is no longer judged against the pair's own value. */
const smallShare = 0.01

/** Rounding of a product, in units of ε·max |λ|: no residual can be asked to be smaller. */
export const roundingUnits = 8

/**
 * Residual, as a share of the wanted value next to it, below which the end of the rest's spectrum counts as settled. Of 12,000
 * random spectra with many double values 2 lost a copy, the same ones with 0.01.
 */
const settledShare = 2e-2

/** Distance within a group of values, in residuals allowed: within 1, a copy was missed once in 1,400 random searches. */
const groupUnits = 10

/** Share of the residual allowed that a Ritz residual may have: a locked vector keeps what it had, up to √2 of it with what comes later. */
const safety = 0.65

/** Which eigenvalues of a spectrum are wanted and how closely, and what may be said of them. */
export class EigenpairGoal {
  readonly top: number
  readonly bottom: number
  readonly #tolerance: number
  readonly #relativeTo: RelativeTo
  readonly #epsilon: number

  constructor(options: {
    readonly top: number
    readonly bottom: number
    readonly tolerance: number
    readonly relativeTo: RelativeTo
    readonly epsilon: number
  }) {
    this.top = options.top
    this.bottom = options.bottom
    this.#tolerance = options.tolerance
    this.#relativeTo = options.relativeTo
    this.#epsilon = options.epsilon
  }

  get wanted(): number {
    return this.top + this.bottom
  }

  /** Indices of the wanted values among `count` ascending ones: top descending, then bottom ascending. */
  indices(count: number): number[] {
    const tops = Array.from({ length: Math.min(this.top, count) }, (_, i) => count - 1 - i)
    const bottoms = Array.from({ length: this.bottom }, (_, i) => i)
    return [...tops, ...bottoms.filter((i) => i < count - tops.length)]
  }

  /** Indices of the values next to the wanted ones, `spare` on each side that is wanted; none twice. */
  neighbors(count: number, spare: number): number[] {
    const found = new Set<number>()
    if (this.top > 0) for (let i = 0; i < spare; i += 1) found.add(count - 1 - this.top - i)
    if (this.bottom > 0) for (let i = 0; i < spare; i += 1) found.add(this.bottom + i)
    return [...found].filter((i) => i >= this.bottom && i < count - this.top)
  }

  /** Residual allowed for a value. */
  limit(value: number, scale: number): number {
    const measure =
      this.#relativeTo === 'largest' ? scale : Math.max(Math.abs(value), smallShare * scale)
    return Math.max(this.#tolerance * measure, roundingUnits * this.#epsilon * scale)
  }

  /** Whether all wanted values have settled. */
  isMet({ values, residuals }: RitzValues): boolean {
    const wanted = this.indices(values.length)
    if (wanted.length < this.wanted) return false
    const scale = scaleOf(values)
    return wanted.every((i) => residuals[i]! <= safety * this.limit(values[i]!, scale))
  }

  /**
   * Wanted values near each other, of all such groups the largest. A second copy of one may come up later than the other values
   * of its group.
   */
  mostCopies({ values }: RitzValues): number {
    const scale = scaleOf(values)
    let [most, copies, previous] = [0, 0, NaN]
    for (const index of this.indices(values.length)) {
      const value = values[index]!
      copies = Math.abs(value - previous) <= groupUnits * this.limit(value, scale) ? copies + 1 : 1
      most = Math.max(most, copies)
      previous = value
    }
    return most
  }

  /** Whether the wanted values are others than `known`. */
  hasOthers(values: Float64Array, known: readonly number[]): boolean {
    const scale = scaleOf(values)
    return this.indices(values.length).some((index, i) => {
      const value = values[index]!
      return !(Math.abs(value - known[i]!) <= this.limit(value, scale))
    })
  }

  /**
   * Whether a search in the space orthogonal to what was found shows nothing beyond the wanted values.
   *
   * @param fresh - Of that search alone.
   */
  isNothingHidden({ values }: RitzValues, fresh: RitzValues): boolean {
    const [all, count] = [values.length, fresh.values.length]
    const scale = scaleOf(values)
    const isInside = (index: number, sign: 1 | -1, edge: number): boolean => {
      const residual = fresh.residuals[index]!
      const value = sign * fresh.values[index]!
      const margin = this.limit(edge, scale)
      // A Ritz value that still moves says little about what lies beyond it.
      if (residual > Math.max(margin, settledShare * Math.abs(edge))) return false
      return (
        value + residual <= sign * edge || (residual <= margin && value <= sign * edge + margin)
      )
    }
    return (
      (this.top === 0 || isInside(count - 1, 1, values[all - this.top]!)) &&
      (this.bottom === 0 || isInside(0, -1, values[this.bottom - 1]!))
    )
  }
}

/** Largest |value| of ascending ones. */
export function scaleOf(values: ArrayLike<number>): number {
  return Math.max(Math.abs(values[0]!), Math.abs(values[values.length - 1]!))
}
