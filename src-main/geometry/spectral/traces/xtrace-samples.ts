import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import type { TraceSamples } from './trace-sampler.ts'

/** Least share of a direction of the sketch that belongs to one vector alone, for it to be left out with that vector. */
const ownShare = 1 - 1e-8

/** Singular values of the factor, as a share of the largest, below which nothing was added to the basis. */
const negligible = 1e-14

/** Squared sine between two directions below which they are one. */
const parallel = 1e-14

/** k random vectors Ω, a basis Q of AΩ with `rank` vectors, and what products said of them. */
export interface ExchangeableSketch {
  /** Qᵀωᵢ, `[k, rank]`. */
  readonly along: readonly (readonly number[])[]
  /** QᵀAωᵢ, `[k, rank or less]`: what is missing is 0. */
  readonly factor: readonly ArrayLike<number>[]
  /** H = QᵀAQ and ZᵀZ for Z = AQ, `[rank, rank]`. */
  readonly projected: readonly (readonly number[])[]
  readonly imageGram: readonly (readonly number[])[]
}

/** One of the symmetric forms H and ZᵀZ on the vectors that occur. */
interface Form {
  readonly trace: number
  /** sᵢᵀMsⱼ. */
  readonly own: Matrix
  /** sⱼᵀMwᵢ. */
  readonly ownAlong: Matrix
  /** wᵢᵀMwᵢ. */
  readonly along: readonly number[]
}

/** Σ over columns of row i of A times row i of B, for each i. */
const rowProducts = (a: Matrix, b: Matrix): number[] =>
  Array.from({ length: a.rows }, (_, i) => {
    let sum = 0
    for (let j = 0; j < a.columns; j += 1) sum += a.get(i, j) * b.get(i, j)
    return sum
  })

/**
 * Samples of XTrace, and its values with each vector left out.
 *
 * Qᵢ, the basis without vector i, spans Q but sᵢ, and the basis without i and j all but two directions, so every
 * number comes from inner products of sᵢ, wᵢ = Qᵀωᵢ and rᵢ = QᵀAωᵢ under the two forms.
 *
 * Cost: O(k³), nothing of length n.
 */
export function exchangeableSamples(sketch: ExchangeableSketch): TraceSamples {
  const count = sketch.along.length
  const rank = sketch.projected.length
  if (rank === 0) {
    const zeros = sketch.along.map(() => 0)
    return { samples: zeros, squareSamples: zeros, withoutOne: null }
  }
  const along = new Matrix(sketch.along.map((row) => [...row]))
  const factor = new Matrix(
    sketch.factor.map((row) => Array.from({ length: rank }, (_, j) => row[j] ?? 0)),
  )
  const { own, exists } = ownDirections(factor)
  const formOf = (rows: readonly (readonly number[])[]): Form => {
    const matrix = new Matrix(rows.map((row) => [...row]))
    const ownImage = own.mmul(matrix)
    return {
      trace: matrix.trace(),
      own: ownImage.mmul(own.transpose()),
      ownAlong: ownImage.mmul(along.transpose()),
      along: rowProducts(along.mmul(matrix), along),
    }
  }
  const [projected, gram] = [formOf(sketch.projected), formOf(sketch.imageGram)]
  const image = new Matrix(sketch.projected.map((row) => [...row]))
  const factorImage = factor.mmul(image)
  const small = {
    cosine: own.mmul(own.transpose()),
    ownAlong: own.mmul(along.transpose()),
    ownFactor: own.mmul(factor.transpose()),
    ownFactorImage: own.mmul(factorImage.transpose()),
    alongFactor: rowProducts(along, factor),
    factorSquare: rowProducts(factor, factor),
    alongFactorImage: rowProducts(along, factorImage),
  }

  /** Sample i with the basis vectors left out that are i's own and, unless j is i, j's. */
  const sampleWithout = (i: number, j: number): readonly [number, number] => {
    const hasI = exists[i] === true
    const hasJ = j !== i && exists[j] === true
    const cosine = hasI && hasJ ? small.cosine.get(i, j) : 0
    const sine = 1 - cosine ** 2
    const isPair = hasI && hasJ && sine > parallel
    // ω − Q(w − α·sᵢ − β·sⱼ) is orthogonal to the basis that is left.
    let [alpha, beta] = [0, 0]
    const [partI, partJ] = [small.ownAlong.get(i, i), small.ownAlong.get(j, i)]
    if (isPair) {
      alpha = (partI - cosine * partJ) / sine
      beta = (partJ - cosine * partI) / sine
    } else if (hasI) {
      alpha = partI
    } else if (hasJ) {
      beta = partJ
    }
    const removed = ({ own: form }: Form): number => {
      if (!isPair) return hasI ? form.get(i, i) : hasJ ? form.get(j, j) : 0
      return (form.get(i, i) + form.get(j, j) - 2 * cosine * form.get(i, j)) / sine
    }
    const inside = (form: Form): number =>
      form.along[i]! -
      2 * (alpha * form.ownAlong.get(i, i) + beta * form.ownAlong.get(j, i)) +
      alpha ** 2 * form.own.get(i, i) +
      beta ** 2 * form.own.get(j, j) +
      2 * alpha * beta * form.own.get(i, j)
    const insideFactor =
      small.alongFactor[i]! - alpha * small.ownFactor.get(i, i) - beta * small.ownFactor.get(j, i)
    const insideImage =
      small.alongFactorImage[i]! -
      alpha * small.ownFactorImage.get(i, i) -
      beta * small.ownFactorImage.get(j, i)
    const form = small.alongFactor[i]! - 2 * insideFactor + inside(projected)
    const square = small.factorSquare[i]! - 2 * insideImage + inside(gram)
    return [projected.trace - removed(projected) + form, gram.trace - removed(gram) + square]
  }

  const pairs = sketch.along.map((_, i) => sampleWithout(i, i))
  const means = (without: number): readonly [number, number] => {
    let [trace, square] = [0, 0]
    for (let i = 0; i < count; i += 1) {
      if (i === without) continue
      const sample = sampleWithout(i, without)
      trace += sample[0] / (count - 1)
      square += sample[1] / (count - 1)
    }
    return [trace, square]
  }
  const left = count < 3 ? null : sketch.along.map((_, j) => means(j))
  return {
    samples: pairs.map(([trace]) => trace),
    squareSamples: pairs.map(([, square]) => square),
    withoutOne: left && {
      traces: left.map(([trace]) => trace),
      squareTraces: left.map(([, square]) => square),
    },
  }
}

/**
 * For each row of R the unit direction that the other rows do not reach; 0 where they reach all of it.
 *
 * With R = UΣWᵀ it is WΣ⁻¹uᵢ up to its length, if row i of U has length 1.
 */
function ownDirections(factor: Matrix): { own: Matrix; exists: boolean[] } {
  const { leftSingularVectors, rightSingularVectors, diagonal } = new SingularValueDecomposition(
    factor,
  )
  const isKept = diagonal.map((value) => value > negligible * diagonal[0]!)
  const left = leftSingularVectors.subMatrix(0, factor.rows - 1, 0, diagonal.length - 1).clone()
  const shares = left
    .to2DArray()
    .map((row) => row.reduce((sum, u, k) => (isKept[k] === true ? sum + u * u : sum), 0))
  const exists = shares.map((share) => share >= ownShare)
  left.apply((i, k) => {
    left.set(i, k, isKept[k] === true && exists[i] === true ? left.get(i, k) / diagonal[k]! : 0)
  })
  const own = left.mmul(
    rightSingularVectors.subMatrix(0, factor.columns - 1, 0, diagonal.length - 1).transpose(),
  )
  for (let i = 0; i < own.rows; i += 1) {
    const length = Math.hypot(...own.getRow(i))
    if (length > 0) own.mulRow(i, 1 / length)
  }
  return { own, exists }
}
