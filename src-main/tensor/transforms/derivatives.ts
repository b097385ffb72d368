import {
  constantLike,
  cos,
  div,
  exp,
  gelu,
  integerPower,
  logistic,
  mul,
  neg,
  relu,
  sign,
  sin,
  softplus,
  tanh,
  type Primitive,
  type PrimitiveParams,
  type Tracer,
} from '#tensor/program'

type DerivativeRule<P extends Primitive> = (
  x: Tracer,
  y: Tracer,
  params: PrimitiveParams[P],
) => Tracer | null

/** Unary primitives whose derivative is a factor, entry by entry. */
export type Differentiable =
  | 'neg'
  | 'abs'
  | 'sign'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'sin'
  | 'cos'
  | 'erf'
  | 'tanh'
  | 'logistic'
  | 'softplus'
  | 'gelu'
  | 'relu'
  | 'integerPower'

/** f′(x) of each unary primitive, given x and y = f(x); null where it is zero almost everywhere. */
export const derivativeRules: { readonly [P in Differentiable]: DerivativeRule<P> } = {
  neg: (x) => constantLike(x, -1),
  abs: (x) => sign(x),
  sign: () => null,
  exp: (_x, y) => y,
  log: (x) => div(1, x),
  sqrt: (_x, y) => div(0.5, y),
  sin: (x) => cos(x),
  cos: (x) => neg(sin(x)),
  // erf′(x) = 2/√π · exp(−x²)
  erf: (x) => mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI)),
  tanh: (x, _y, { order }) => tanh(x, order + 1),
  logistic: (x, _y, { order }) => logistic(x, order + 1),
  softplus: (x, _y, { order }) => softplus(x, order + 1),
  gelu: (x, _y, { order }) => gelu(x, order + 1),
  relu: (x, _y, { order }) => (order === 0 ? relu(x, 1) : null),
  integerPower: (x, _y, { exponent }) =>
    exponent === 0 ? null : mul(integerPower(x, exponent - 1), exponent),
}
