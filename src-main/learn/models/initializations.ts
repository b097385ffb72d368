import type { RandomStream } from '#base'

/**
 * How weights are drawn, by fan-in i and fan-out o (biases are 0 but for `pytorch`):
 *
 * - `he-normal`, `he-uniform`: variance 2/i
 * - `glorot-normal`, `glorot-uniform`: variance 2/(i + o)
 * - `lecun-normal`: variance 1/i
 * - `pytorch`: uniform on ±1/√i for weights and biases (variance 1/(3i)), as `torch.nn.Linear`
 * - `orthogonal`: orthonormal rows or columns, gain 1
 */
export type Initialization =
  | 'he-normal'
  | 'he-uniform'
  | 'glorot-normal'
  | 'glorot-uniform'
  | 'lecun-normal'
  | 'pytorch'
  | 'orthogonal'

type Fill = (target: Float32Array, fanIn: number, fanOut: number, stream: RandomStream) => void

/** Variance of an entry by fan-in and fan-out, of a kernel by its area too. */
const variances: {
  readonly [I in Initialization]: (fanIn: number, fanOut: number, area: number) => number
} = {
  'he-normal': (fanIn) => 2 / fanIn,
  'he-uniform': (fanIn) => 2 / fanIn,
  'glorot-normal': (fanIn, fanOut) => 2 / (fanIn + fanOut),
  'glorot-uniform': (fanIn, fanOut) => 2 / (fanIn + fanOut),
  'lecun-normal': (fanIn) => 1 / fanIn,
  pytorch: (fanIn) => 1 / (3 * fanIn),
  orthogonal: (fanIn, fanOut, area) => 1 / Math.max(fanIn, fanOut / area),
}

/**
 * Standard deviation of an entry of a weight matrix.
 *
 * @param area - Entries of a kernel, which both fans count; 1 of an affine layer.
 */
export const weightDeviation = (
  initialization: Initialization,
  fanIn: number,
  fanOut: number,
  area = 1,
): number => Math.sqrt(variances[initialization](fanIn, fanOut, area))

const normal =
  (initialization: Initialization): Fill =>
  (target, fanIn, fanOut, stream) => {
    const deviation = weightDeviation(initialization, fanIn, fanOut)
    for (let i = 0; i < target.length; i += 1) target[i] = deviation * stream.nextNormal()
  }
const uniform =
  (initialization: Initialization): Fill =>
  (target, fanIn, fanOut, stream) => {
    // A uniform law on ±r has variance r²/3.
    const radius = Math.sqrt(3) * weightDeviation(initialization, fanIn, fanOut)
    for (let i = 0; i < target.length; i += 1) target[i] = radius * (2 * stream.nextUniform() - 1)
  }

/** vector ← vector − ⟨vector, unit⟩·unit. */
function removeAlong(vector: Float64Array, unit: Float64Array): void {
  let overlap = 0
  for (let i = 0; i < vector.length; i += 1) overlap += vector[i]! * unit[i]!
  for (let i = 0; i < vector.length; i += 1) vector[i]! -= overlap * unit[i]!
}

const squaredNorm = (vector: Float64Array): number => {
  let sum = 0
  for (const x of vector) sum += x * x
  return sum
}

/**
 * Gram–Schmidt on normal vectors along the shorter side, O(shorter²·longer) work; once more where the first pass took
 * half of a vector away, for what is left then has lost digits.
 *
 * @see Daniel, Gragg, Kaufman and Stewart, Reorthogonalization and stable algorithms (1976)
 */
const orthogonal: Fill = (target, fanIn, fanOut, stream) => {
  const count = Math.min(fanIn, fanOut)
  const length = Math.max(fanIn, fanOut)
  const vectors: Float64Array[] = []
  while (vectors.length < count) {
    const vector = Float64Array.from({ length }, () => stream.nextNormal())
    const before = squaredNorm(vector)
    for (const earlier of vectors) removeAlong(vector, earlier)
    if (squaredNorm(vector) < before / 2) {
      for (const earlier of vectors) removeAlong(vector, earlier)
    }
    const norm = Math.sqrt(squaredNorm(vector))
    vectors.push(vector.map((x) => x / norm))
  }
  for (let row = 0; row < fanOut; row += 1) {
    for (let column = 0; column < fanIn; column += 1) {
      const value = fanOut <= fanIn ? vectors[row]![column]! : vectors[column]![row]!
      target[row * fanIn + column] = value
    }
  }
}

/** Fills a matrix `[fanOut, fanIn]` by a law. */
export const fills: { readonly [I in Initialization]: Fill } = {
  'he-normal': normal('he-normal'),
  'he-uniform': uniform('he-uniform'),
  'glorot-normal': normal('glorot-normal'),
  'glorot-uniform': uniform('glorot-uniform'),
  'lecun-normal': normal('lecun-normal'),
  pytorch: uniform('pytorch'),
  orthogonal,
}
