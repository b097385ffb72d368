import type { LinearOperator, Vector } from '#geometry/operators'

/** Eigenpairs that somebody says are the largest. */
export interface ClaimedEigenpairs {
  readonly values: readonly number[]
  /** `[k, n]`, of any length, in the order of `values`. */
  readonly vectors: Vector
}

/** What is true of them. */
export interface Verdict {
  /** ‖Hv − λv‖ of each, ‖v‖ = 1, as a share of the largest |λ|. */
  readonly residuals: readonly number[]
  /** Largest |⟨vᵢ, vⱼ⟩|: near 1 where one vector is reported twice. */
  readonly overlap: number
  /** True values, counted by multiplicity, that none of theirs stands for. */
  readonly misses: readonly number[]
  /** Whether nothing is missed, no vector comes twice and all residuals are as small as asked. */
  readonly isRight: boolean
}

/** Against what eigenpairs are judged. */
export interface JudgeOptions {
  /** The true values, descending, each as often as it occurs. */
  readonly reference: readonly number[]
  /** Largest residual allowed, as a share of the largest |λ|. */
  readonly tolerance: number
}

/** Distance, in tolerances, up to which a value stands for a true one. */
const window = 2

/** Inner product of unit vectors above which they are not two. */
const largestOverlap = 0.1

/**
 * Judges eigenpairs by products of our own operator, whoever found them.
 *
 * Cost: k products.
 */
export async function judgeEigenpairs(
  operator: LinearOperator,
  { values, vectors }: ClaimedEigenpairs,
  { reference, tolerance }: JudgeOptions,
): Promise<Verdict> {
  const { size, space } = operator
  const count = values.length
  const scale = Math.max(...reference.map(Math.abs))
  const products = space.allocate(count)
  await operator.apply(vectors, count, products)
  const residuals: number[] = []
  const lengths: number[] = []
  for (const [i, value] of values.entries()) {
    const vector = vectors.subarray(i * size, (i + 1) * size)
    const residual = products.subarray(i * size, (i + 1) * size)
    await space.addCombination(residual, 1, Float64Array.of(-value), vector, 1)
    const length = await space.norm(vector)
    lengths.push(length)
    residuals.push((await space.norm(residual)) / length / scale)
  }
  const gram = await space.innerProducts(vectors, count, vectors, count)
  const cosines = Array.from(gram, (inner, at) => {
    const [i, j] = [Math.floor(at / count), at % count]
    return i === j ? 0 : Math.abs(inner) / (lengths[i]! * lengths[j]!)
  })
  const overlap = Math.max(...cosines)
  const misses = missedValues(values, reference, window * tolerance * scale)
  return {
    residuals,
    overlap,
    misses,
    isRight:
      misses.length === 0 &&
      overlap <= largestOverlap &&
      residuals.every((residual) => residual <= tolerance),
  }
}

/** True values that no value of its own lies within `distance` of; each value stands for one. */
export function missedValues(
  values: readonly number[],
  reference: readonly number[],
  distance: number,
): number[] {
  const left = values.toSorted((a, b) => b - a)
  return reference
    .toSorted((a, b) => b - a)
    .filter((truth) => {
      // Values above the window of this true value are above that of all later ones.
      while (left.length > 0 && left[0]! > truth + distance) left.shift()
      if (left.length === 0 || left[0]! < truth - distance) return true
      left.shift()
      return false
    })
}
