import type { RandomStream } from '#base'
import type { Layout } from '#tensor/dense'

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

const normal =
  (variance: (fanIn: number, fanOut: number) => number): Fill =>
  (target, fanIn, fanOut, stream) => {
    const deviation = Math.sqrt(variance(fanIn, fanOut))
    for (let i = 0; i < target.length; i += 1) target[i] = deviation * stream.nextNormal()
  }
const uniform =
  (variance: (fanIn: number, fanOut: number) => number): Fill =>
  (target, fanIn, fanOut, stream) => {
    // A uniform law on ±r has variance r²/3.
    const radius = Math.sqrt(3 * variance(fanIn, fanOut))
    for (let i = 0; i < target.length; i += 1) target[i] = radius * (2 * stream.nextUniform() - 1)
  }

/** Gram–Schmidt, twice, on normal vectors along the shorter side. */
const orthogonal: Fill = (target, fanIn, fanOut, stream) => {
  const count = Math.min(fanIn, fanOut)
  const length = Math.max(fanIn, fanOut)
  const vectors: Float64Array[] = []
  while (vectors.length < count) {
    const vector = Float64Array.from({ length }, () => stream.nextNormal())
    for (const earlier of [...vectors, ...vectors]) {
      const overlap = vector.reduce((sum, x, i) => sum + x * earlier[i]!, 0)
      for (let i = 0; i < length; i += 1) vector[i]! -= overlap * earlier[i]!
    }
    const norm = Math.hypot(...vector)
    vectors.push(vector.map((x) => x / norm))
  }
  for (let row = 0; row < fanOut; row += 1) {
    for (let column = 0; column < fanIn; column += 1) {
      const value = fanOut <= fanIn ? vectors[row]![column]! : vectors[column]![row]!
      target[row * fanIn + column] = value
    }
  }
}

const fills: { readonly [I in Initialization]: Fill } = {
  'he-normal': normal((fanIn) => 2 / fanIn),
  'he-uniform': uniform((fanIn) => 2 / fanIn),
  'glorot-normal': normal((fanIn, fanOut) => 2 / (fanIn + fanOut)),
  'glorot-uniform': uniform((fanIn, fanOut) => 2 / (fanIn + fanOut)),
  'lecun-normal': normal((fanIn) => 1 / fanIn),
  pytorch: uniform((fanIn) => 1 / (3 * fanIn)),
  orthogonal,
}

/**
 * Draws the parameters of a network.
 *
 * Deterministic: each tensor has its own stream, named by it, so adding a layer changes no other.
 *
 * @returns `[n]`, flat in the order of the layout.
 */
export function initializeParameters(
  layout: Layout,
  initialization: Initialization,
  stream: RandomStream,
): Float32Array {
  const flat = new Float32Array(layout.size)
  let fanIn = 1
  for (const { name, shape, offset, size } of layout.entries) {
    const target = flat.subarray(offset, offset + size)
    if (shape.length === 2) {
      fanIn = shape[1]!
      fills[initialization](target, fanIn, shape[0]!, stream.fork(name))
    } else if (initialization === 'pytorch') {
      fills.pytorch(target, fanIn, shape[0]!, stream.fork(name))
    }
  }
  return flat
}
