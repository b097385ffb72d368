import * as ops from '#tensor/program'
import type { DotParams, Tracer } from '#tensor/program'
import { float32 } from '../programs.ts'
import { int32, traced, type ConformanceCase } from './case.ts'

const matrix = float32([3, 4])

const unary: Readonly<Record<string, (x: Tracer) => Tracer>> = {
  neg: ops.neg,
  abs: ops.abs,
  sign: ops.sign,
  exp: ops.exp,
  sin: ops.sin,
  cos: ops.cos,
  erf: ops.erf,
  stopGradient: ops.stopGradient,
}

const binary: Readonly<Record<string, (a: Tracer, b: Tracer) => Tracer>> = {
  add: ops.add,
  sub: ops.sub,
  mul: ops.mul,
  maximum: ops.maximum,
  minimum: ops.minimum,
  greater: ops.greater,
  equal: ops.equal,
}

const nonlinearities = {
  tanh: ops.tanh,
  logistic: ops.logistic,
  softplus: ops.softplus,
  gelu: ops.gelu,
  relu: ops.relu,
}

const elementwise: readonly ConformanceCase[] = [
  ...Object.entries(unary).map(([name, f]) => traced(name, [matrix], ([x]) => [f(x!)])),
  ...Object.entries(binary).map(([name, f]) =>
    traced(`${name} of floats`, [matrix, matrix], ([a, b]) => [f(a!, b!)]),
  ),
  ...Object.entries(binary).map(([name, f]) =>
    traced(`${name} of integers`, [int32([7]), int32([7])], ([a, b]) => [
      f(a!, ops.reverse(b!, [0])),
    ]),
  ),
  ...Object.entries(nonlinearities).map(([name, f]) =>
    traced(
      `${name} and its derivatives`,
      [matrix],
      ([x]) => [0, 1, 2, 3, 4].map((order) => f(x!, order)),
      { scale: 2 },
    ),
  ),
  traced('sign of zero', [matrix], ([x]) => [ops.sign(ops.mul(x!, 0))]),
  traced('log and sqrt', [matrix], ([x]) => [ops.log(x!), ops.sqrt(x!)], { isPositive: true }),
  traced('div', [matrix, matrix], ([x, y]) => [ops.div(x!, ops.add(ops.mul(y!, y!), 1))]),
  traced('positive powers', [matrix], ([x]) => [0, 1, 2, 3].map((n) => ops.integerPower(x!, n))),
  traced('negative powers', [matrix], ([x]) => {
    const away = ops.sub(ops.neg(ops.mul(x!, x!)), 0.5)
    return [ops.integerPower(away, -1), ops.integerPower(away, -2)]
  }),
  traced('constants', [matrix], ([x]) => [
    ops.constantLike(x!, 0.25, [2, 3]),
    ops.constantLike(x!, -3, []),
    x!.graph.emit('constant', [], { value: 7, shape: [2], dtype: 'int32' }),
    x!.graph.emit('constant', [], { value: 1, shape: [2], dtype: 'bool' }),
  ]),
  traced('select', [matrix, matrix], ([x, y]) => [
    ops.select(ops.greater(x!, y!), ops.sin(x!), 2),
    ops.select(ops.greater(x!, 0), x!, y!),
  ]),
  traced(
    'casts',
    [matrix, int32([6])],
    ([x, n]) => [
      ops.cast(x!, 'int32'),
      ops.cast(n!, 'float32'),
      ops.cast(n!, 'bool'),
      ops.cast(ops.relu(x!), 'bool'),
      ops.cast(ops.greater(x!, 0), 'float32'),
      ops.cast(ops.greater(x!, 0), 'int32'),
    ],
    { scale: 3 },
  ),
]

const structure: readonly ConformanceCase[] = [
  traced('an input and a value handed on twice', [matrix], ([x]) => {
    const y = ops.tanh(x!)
    return [x!, y, y]
  }),
  traced('reshape', [matrix], ([x]) => [ops.reshape(x!, [2, 1, 6]), ops.reshape(x!, [12])]),
  traced('reshape to and from a scalar', [float32([1, 1])], ([x]) => [
    ops.reshape(ops.reshape(x!, []), [1]),
  ]),
  traced('transpose', [float32([2, 3, 4, 2])], ([x]) => [ops.transpose(x!, [3, 1, 0, 2])]),
  traced('broadcast', [float32([3, 2]), float32([])], ([x, s]) => [
    ops.broadcastInto(x!, [2, 3, 4, 2], [1, 3]),
    ops.broadcastInto(s!, [2, 3], []),
    ops.reduceSum(ops.broadcastInto(x!, [5, 3, 2], [1, 2]), [0, 2]),
  ]),
  traced('slice', [float32([4, 5])], ([x]) => [ops.slice(x!, [1, 2], [4, 5])]),
  traced('pad', [matrix], ([x]) => [ops.pad(x!, [1, 0], [0, 2])]),
  traced('concatenate', [matrix, float32([3, 1])], ([x, y]) => [
    ops.concatenate([x!, y!, x!], 1),
    ops.concatenate([y!], 0),
  ]),
  traced('reverse', [float32([2, 3, 4])], ([x]) => [ops.reverse(x!, [0, 2])]),
]

const cube = float32([2, 3, 4])

const reductions: readonly ConformanceCase[] = [
  traced('reduceSum', [cube], ([x]) => [ops.reduceSum(x!), ops.reduceSum(x!, [0, 2])]),
  traced('reduceMax', [cube], ([x]) => [ops.reduceMax(x!), ops.reduceMax(x!, [1])]),
  traced('argmax', [cube], ([x]) => [ops.argmax(x!, 0), ops.argmax(x!, 2)]),
  traced('argmax of ties', [int32([2, 6])], ([n]) => [ops.argmax(ops.cast(n!, 'float32'), 1)]),
  traced('softmax', [cube], ([x]) => [ops.softmax(x!)], { scale: 40 }),
  traced('logSumExp', [cube], ([x]) => [ops.logSumExp(x!)], { scale: 40 }),
  traced(
    'standardize and inverseDeviation',
    [cube],
    ([x]) => [ops.standardize(x!, 1e-5), ops.inverseDeviation(x!, 1e-2)],
    { scale: 3 },
  ),
]

const contraction = (
  lhs: readonly number[],
  rhs: readonly number[],
  params: DotParams,
): ConformanceCase =>
  traced(
    `dot of [${lhs.join()}] over [${params.lhsContract.join()}] with [${rhs.join()}] over [${params.rhsContract.join()}]`,
    [float32(lhs), float32(rhs)],
    ([x, y]) => [ops.dot(x!, y!, params)],
  )
const unbatched = { lhsBatch: [], rhsBatch: [] }

const contractions: readonly ConformanceCase[] = [
  contraction([5, 3], [3, 4], { ...unbatched, lhsContract: [1], rhsContract: [0] }),
  contraction([5, 3], [4, 3], { ...unbatched, lhsContract: [1], rhsContract: [1] }),
  contraction([3, 5], [3, 4], { ...unbatched, lhsContract: [0], rhsContract: [0] }),
  contraction([2, 3, 5], [3, 4], { ...unbatched, lhsContract: [1], rhsContract: [0] }),
  contraction([2, 3, 5], [4, 3, 2], { ...unbatched, lhsContract: [1, 0], rhsContract: [1, 2] }),
  contraction([5], [5], { ...unbatched, lhsContract: [0], rhsContract: [0] }),
  contraction([2], [3], { ...unbatched, lhsContract: [], rhsContract: [] }),
  contraction([2, 3, 5], [2, 4, 3], {
    lhsContract: [1],
    rhsContract: [2],
    lhsBatch: [0],
    rhsBatch: [0],
  }),
  contraction([2, 6, 3, 4], [6, 2, 5, 4], {
    lhsContract: [3],
    rhsContract: [3],
    lhsBatch: [0, 1],
    rhsBatch: [1, 0],
  }),
]

const indexing: readonly ConformanceCase[] = [
  traced('gather', [float32([3, 4]), int32([2, 3])], ([x, indices]) => [
    ops.gather(x!, indices!, 0),
    ops.gather(x!, indices!, 1),
  ]),
  traced('scatterAdd', [float32([5, 4]), int32([5])], ([x, indices]) => [
    ops.scatterAdd(x!, indices!, 0, 3),
    ops.scatterAdd(ops.transpose(x!, [1, 0]), indices!, 1, 4),
  ]),
  traced('scatterAdd by a matrix of indices', [float32([2, 2, 3, 4]), int32([2, 3])], ([x, n]) => [
    ops.scatterAdd(x!, n!, 1, 5),
  ]),
  traced('gather and scatterAdd along the last of three', [cube, int32([4])], ([x, indices]) => [
    ops.gather(x!, indices!, 2),
    ops.scatterAdd(x!, indices!, 2, 3),
  ]),
  traced('iota', [matrix], ([x]) => [
    x!.graph.emit('iota', [], { shape: [3, 4], axis: 1, dtype: 'float32' }),
    ops.iota(x!, [3, 4], 0),
  ]),
]

/** Each primitive by itself, with the parameters in which runtimes differ. */
export const primitiveCases: readonly ConformanceCase[] = [
  ...elementwise,
  ...structure,
  ...reductions,
  ...contractions,
  ...indexing,
]
