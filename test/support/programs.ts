import fc from 'fast-check'
import { createStream, fillNormal } from '#base'
import { sizeOf } from '#tensor/dense'
import * as ops from '#tensor/program'
import type { Program, Tracer, ValueType } from '#tensor/program'

export const float32 = (shape: readonly number[]): ValueType => ({ dtype: 'float32', shape })

/** Seeded normal inputs for a program, scaled so that exp and powers stay tame. */
export function normalInputs(program: Program, seed: number, scale = 0.5): Float32Array[] {
  return program.inputs.map(({ type }, i) => {
    const data = new Float32Array(sizeOf(type.shape))
    fillNormal(data, createStream(seed, 'input', i))
    return data.map((x) => scale * x)
  })
}

const image = (x: Tracer): Tracer => ops.reshape(x, [1, 1, 3, 4])
const kernel = (y: Tracer, rows: number, columns: number): Tracer =>
  ops.reshape(ops.slice(y, [0, 0], [rows, columns]), [1, 1, rows, columns])
/** 12 entries of a value as `[3, 4]`, zeros where there are fewer. */
function images(x: Tracer): Tracer {
  const count = sizeOf(x.shape)
  const line = ops.reshape(x, [count])
  const fitted = count < 12 ? ops.pad(line, [0], [12 - count]) : ops.slice(line, [0], [12])
  return ops.reshape(fitted, [3, 4])
}
/** Indices 0, 1, … along the last dimension, of which 0 and 1 occur more than once in a square. */
const firstColumns = (x: Tracer, shape: readonly number[]): Tracer =>
  ops.iota(x, shape, shape.length - 1)

/** Smooth maps of a `[3, 4]` value to a `[3, 4]` value, one a primitive or a small composition. */
const moves: readonly ((x: Tracer, y: Tracer) => Tracer)[] = [
  (x) => ops.tanh(x),
  (x) => ops.logistic(x),
  (x) => ops.softplus(x),
  (x) => ops.gelu(x),
  (x) => ops.sin(x),
  (x) => ops.cos(x),
  (x) => ops.erf(x),
  (x) => ops.neg(x),
  (x) => ops.exp(ops.tanh(x)),
  (x) => ops.log(ops.add(ops.mul(x, x), 1)),
  (x) => ops.sqrt(ops.add(ops.mul(x, x), 1)),
  (x) => ops.integerPower(x, 3),
  (x) => ops.softmax(x),
  (x, y) => ops.add(x, y),
  (x, y) => ops.sub(x, y),
  (x, y) => ops.mul(x, y),
  (x, y) => ops.div(x, ops.add(ops.mul(y, y), 1)),
  (x) => ops.transpose(ops.reshape(x, [4, 3]), [1, 0]),
  (x) => ops.reverse(x, [1]),
  (x) => ops.concatenate([ops.slice(x, [0, 2], [3, 4]), ops.slice(x, [0, 0], [3, 2])], 1),
  (x) => ops.slice(ops.pad(x, [1, 0], [0, 2]), [1, 0], [4, 4]),
  (x) => ops.broadcastTo(ops.reshape(ops.logSumExp(x), [3, 1]), [3, 4]),
  (x) => ops.broadcastTo(ops.reduceSum(x, [0]), [3, 4]),
  (x, y) => ops.matmul(ops.matmulTransposed(x, y), ops.tanh(y)),
  (x, y) => ops.select(ops.greater(x, y), ops.sin(x), ops.cos(y)),
  (x, y) => ops.maximum(x, y),
  (x, y) => ops.minimum(x, y),
  (x) => ops.abs(x),
  (x) => ops.broadcastTo(ops.reshape(ops.reduceMax(x, [1]), [3, 1]), [3, 4]),
  (x) => ops.mul(x, ops.stopGradient(ops.cos(x))),
  (x) => ops.cast(ops.cast(x, 'float64'), 'float32'),
  (x) => ops.standardize(x, 0.1),
  (x) => ops.reshape(ops.standardize(ops.reshape(x, [3, 2, 2]), 0.1, 2), [3, 4]),
  (x) => ops.broadcastTo(ops.reshape(ops.inverseDeviation(x, 0.1), [3, 1]), [3, 4]),
  (x) => ops.gather(x, firstColumns(x, [3]), 0),
  (x) => ops.scatterAdd(ops.gather(x, firstColumns(x, [2, 2]), 1), firstColumns(x, [2, 2]), 1, 4),
  (x, y) => images(ops.conv2d(image(x), kernel(y, 3, 3), { padding: [1, 1] })),
  (x, y) => images(ops.conv2d(image(x), kernel(y, 2, 2), { stride: [2, 1], padding: [1, 1] })),
  (x, y) => images(ops.conv2d(image(x), kernel(y, 2, 2), { dilation: [1, 2], padding: [0, 1] })),
  (x, y) =>
    images(ops.conv2d(ops.reshape(x, [1, 2, 2, 3]), ops.reshape(y, [6, 1, 1, 2]), { groups: 2 })),
]

/** Random scalar programs of two `[3, 4]` inputs, as lists of moves. */
export const scalarPrograms: fc.Arbitrary<Program> = fc
  .array(fc.tuple(fc.nat(moves.length - 1), fc.boolean(), fc.boolean()), {
    minLength: 1,
    maxLength: 7,
  })
  .map((steps) =>
    ops.traceProgram('random', [float32([3, 4]), float32([3, 4])], ([a, b]) => {
      let [x, y] = [a!, b!]
      for (const [move, isSwapped, isKept] of steps) {
        const result = moves[move]!(isSwapped ? y : x, isSwapped ? x : y)
        ;[x, y] = isKept ? [result, x] : [result, y]
      }
      return [ops.reduceSum(ops.mul(ops.tanh(x), ops.cos(y)))]
    }),
  )

/** max |a − b| over max(1, |b|). */
export function largestError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let error = a.length === b.length ? 0 : Infinity
  for (let i = 0; i < b.length; i += 1) {
    const difference = Math.abs(a[i]! - b[i]!) / Math.max(1, Math.abs(b[i]!))
    error = Math.max(error, Number.isNaN(difference) ? Infinity : difference)
  }
  return error
}
