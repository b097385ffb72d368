import { invariant } from '#base'
import type { Dtype } from '#tensor/dense'
import type { Equation, Primitive, PrimitiveParams, ValueType } from '#tensor/program'
import type { Tensor, TensorflowBackend } from './backend.ts'
import { convolve } from './convolution.ts'
import { contract } from './dot.ts'
import { iota, scatterAdd } from './indexing.ts'
import { gelu, logistic, relu, softplus, tanh } from './nonlinearities.ts'

/** Evaluates a primitive into a new tensor, never one of its inputs. */
type TensorflowRule<P extends Primitive> = (
  tf: TensorflowBackend,
  inputs: readonly Tensor[],
  params: PrimitiveParams[P],
  type: ValueType,
) => Tensor

type Unary = 'abs' | 'cos' | 'erf' | 'exp' | 'log' | 'neg' | 'sign' | 'sin' | 'sqrt'
type Binary = 'add' | 'div' | 'equal' | 'greater' | 'maximum' | 'minimum' | 'mul' | 'sub'

const unary =
  (name: Unary): TensorflowRule<Primitive> =>
  (tf, [x]) =>
    tf[name](x!)
const binary =
  (name: Binary): TensorflowRule<Primitive> =>
  (tf, [a, b]) =>
    tf[name](a!, b!)

const lastAxes = (count: number): number[] => Array.from({ length: count }, (_, i) => i - count)

/** The number type by its name in TensorFlow.js. */
export function tensorflowDtype(dtype: Dtype): 'float32' | 'int32' | 'bool' {
  invariant(dtype !== 'float64', 'float64 is refused when a program is compiled')
  return dtype
}

/** How each primitive is evaluated by TensorFlow.js; total by type. */
export const tensorflowRules: { readonly [P in Primitive]: TensorflowRule<P> } = {
  constant: (tf, _inputs, { value, shape, dtype }) =>
    tf.fill([...shape], value, tensorflowDtype(dtype)),
  iota: (tf, _inputs, params) => iota(tf, params),
  neg: unary('neg'),
  abs: unary('abs'),
  sign: unary('sign'),
  exp: unary('exp'),
  log: unary('log'),
  sqrt: unary('sqrt'),
  sin: unary('sin'),
  cos: unary('cos'),
  erf: unary('erf'),
  tanh,
  logistic,
  softplus,
  gelu,
  relu,
  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul'),
  div: binary('div'),
  maximum: binary('maximum'),
  minimum: binary('minimum'),
  integerPower: (tf, [x], { exponent }, { dtype }) =>
    exponent === 2 ? tf.square(x!) : tf.pow(x!, tf.scalar(exponent, tensorflowDtype(dtype))),
  greater: binary('greater'),
  equal: binary('equal'),
  select: (tf, [predicate, a, b]) => tf.where(predicate!, a!, b!),
  cast: (tf, [x], { dtype }) => tf.cast(x!, tensorflowDtype(dtype)),
  stopGradient: (tf, [x]) => tf.clone(x!),
  reshape: (tf, [x], { shape }) => tf.reshape(x!, [...shape]),
  transpose: (tf, [x], { permutation }) => tf.transpose(x!, [...permutation]),
  broadcast: (tf, [x], { shape, axes }) => {
    const spread = shape.map((_, axis) => (axes.includes(axis) ? shape[axis]! : 1))
    return tf.broadcastTo(tf.reshape(x!, spread), [...shape])
  },
  slice: (tf, [x], { starts, limits }) =>
    tf.slice(
      x!,
      [...starts],
      limits.map((limit, axis) => limit - starts[axis]!),
    ),
  pad: (tf, [x], { low, high }) =>
    tf.pad(
      x!,
      low.map((before, axis): [number, number] => [before, high[axis]!]),
    ),
  concatenate: (tf, inputs, { axis }) => tf.concat([...inputs], axis),
  reverse: (tf, [x], { axes }) => tf.reverse(x!, [...axes]),
  reduceSum: (tf, [x], { axes }) => tf.sum(x!, [...axes]),
  reduceMax: (tf, [x], { axes }) => tf.max(x!, [...axes]),
  argmax: (tf, [x], { axis }) => tf.argMax(x!, axis),
  softmax: (tf, [x]) => tf.softmax(x!),
  logSumExp: (tf, [x]) => tf.logSumExp(x!, -1),
  standardize: (tf, [x], { epsilon, dimensions }) => {
    const { mean, variance } = tf.moments(x!, lastAxes(dimensions), true)
    return tf.mul(tf.sub(x!, mean), tf.rsqrt(tf.add(variance, epsilon)))
  },
  inverseDeviation: (tf, [x], { epsilon, dimensions }) =>
    tf.rsqrt(tf.add(tf.moments(x!, lastAxes(dimensions)).variance, epsilon)),
  dot: (tf, [lhs, rhs], params, type) => contract(tf, lhs!, rhs!, params, type),
  conv: (tf, [lhs, rhs], params, type) => convolve(tf, lhs!, rhs!, params, type),
  gather: (tf, [x, indices], { axis }) => tf.gather(x!, indices!, axis),
  scatterAdd: (tf, [updates, indices], params, type) =>
    scatterAdd(tf, updates!, indices!, params, type),
}

/** Evaluates an equation; what it needs in between is freed. */
export function evaluateEquation(
  tf: TensorflowBackend,
  { primitive, params, output }: Equation,
  inputs: readonly Tensor[],
): Tensor {
  // The rule and the params belong to one primitive; TypeScript cannot see it through the union.
  const rule = tensorflowRules[primitive] as TensorflowRule<Primitive>
  return tf.tidy(() => rule(tf, inputs, params, output.type))
}
