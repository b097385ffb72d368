import {
  add,
  broadcastInto,
  cast,
  concatenate,
  conv,
  constantLike,
  div,
  dot,
  equal,
  gather,
  Graph,
  inlineProgram,
  inverseDeviation,
  isFloat,
  mul,
  neg,
  pad,
  reduceMean,
  reduceSum,
  reemit,
  reshape,
  reverse,
  scatterAdd,
  select,
  sign,
  slice,
  softmax,
  sub,
  transpose,
  typecheckProgram,
  type Equation,
  type Primitive,
  type PrimitiveParams,
  type Program,
  type Tracer,
} from '#tensor/program'
import { derivativeRules, type Differentiable } from './derivatives.ts'

/** A tangent; null is a known zero, which costs nothing. */
type Tangent = Tracer | null

type JvpRule<P extends Primitive> = (
  inputs: readonly Tracer[],
  tangents: readonly Tangent[],
  params: PrimitiveParams[P],
  output: Tracer,
) => Tangent

const sum = (a: Tangent, b: Tangent): Tangent => {
  if (a === null) return b
  return b === null ? a : add(a, b)
}
const map = (tangent: Tangent, f: (tangent: Tracer) => Tangent): Tangent =>
  tangent === null ? null : f(tangent)
const zero: JvpRule<Primitive> = () => null

/** ẏ = f′(x)·ẋ */
const unary =
  <P extends Differentiable>(primitive: P): JvpRule<P> =>
  ([x], [t], params, y) =>
    map(t ?? null, (tangent) => {
      const factor = derivativeRules[primitive](x!, y, params)
      return factor === null ? null : mul(factor, tangent)
    })

/** Structure maps are linear: the tangent goes the way of the value. */
const linear =
  <P extends Primitive>(
    apply: (tangent: Tracer, params: PrimitiveParams[P]) => Tracer,
  ): JvpRule<P> =>
  (_inputs, [t], params) =>
    map(t ?? null, (tangent) => apply(tangent, params))

/** Share of the left operand in the derivative of maximum: 1, ½ at a tie, 0. */
export const leftShare = (a: Tracer, b: Tracer): Tracer => add(mul(sign(sub(a, b)), 0.5), 0.5)

/** 1 at the largest entries along axes, divided by how many there are. */
export function maximumShares(x: Tracer, y: Tracer, axes: readonly number[]): Tracer {
  const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis))
  const isLargest = cast(equal(x, broadcastInto(y, x.shape, kept)), x.type.dtype)
  return div(isLargest, broadcastInto(reduceSum(isLargest, axes), x.shape, kept))
}

/** Mean over the last dimensions. */
export const lastMean = (x: Tracer, dimensions: number): Tracer =>
  reduceMean(
    x,
    Array.from({ length: dimensions }, (_, i) => x.shape.length - dimensions + i),
  )

/**
 * The derivative of `standardize` applied to a tangent, r·(ẋ − mean(ẋ) − y·mean(y ẋ)) with r = 1/√(variance + ε);
 * it is symmetric, so it serves cotangents too.
 */
export function standardizeDerivative(
  x: Tracer,
  y: Tracer,
  t: Tracer,
  { epsilon, dimensions }: PrimitiveParams['standardize'],
): Tracer {
  const along = (row: Tracer): Tracer =>
    broadcastInto(
      row,
      x.shape,
      row.shape.map((_, axis) => axis),
    )
  const scale = along(inverseDeviation(x, epsilon, dimensions))
  const centred = sub(t, along(lastMean(t, dimensions)))
  return mul(scale, sub(centred, mul(y, along(lastMean(mul(y, t), dimensions)))))
}

const choice =
  (toward: 1 | -1): JvpRule<'maximum' | 'minimum'> =>
  ([a, b], [ta, tb]) => {
    const share = toward === 1 ? leftShare(a!, b!) : leftShare(b!, a!)
    return sum(
      map(ta ?? null, (t) => mul(share, t)),
      map(tb ?? null, (t) => mul(sub(1, share), t)),
    )
  }

/** How a tangent passes each primitive; total by type. */
export const jvpRules: { readonly [P in Primitive]: JvpRule<P> } = {
  constant: zero,
  iota: zero,
  neg: unary('neg'),
  abs: unary('abs'),
  sign: zero,
  exp: unary('exp'),
  log: unary('log'),
  sqrt: unary('sqrt'),
  sin: unary('sin'),
  cos: unary('cos'),
  erf: unary('erf'),
  tanh: unary('tanh'),
  logistic: unary('logistic'),
  softplus: unary('softplus'),
  gelu: unary('gelu'),
  relu: unary('relu'),
  integerPower: unary('integerPower'),
  add: (_inputs, [ta, tb]) => sum(ta ?? null, tb ?? null),
  sub: (_inputs, [ta, tb]) =>
    sum(
      ta ?? null,
      map(tb ?? null, (t) => neg(t)),
    ),
  mul: ([a, b], [ta, tb]) =>
    sum(
      map(ta ?? null, (t) => mul(b!, t)),
      map(tb ?? null, (t) => mul(a!, t)),
    ),
  // (a/b)˙ = ȧ/b − (y/b)·ḃ
  div: ([, b], [ta, tb], _params, y) =>
    sum(
      map(ta ?? null, (t) => mul(div(1, b!), t)),
      map(tb ?? null, (t) => mul(neg(div(y, b!)), t)),
    ),
  maximum: choice(1),
  minimum: choice(-1),
  greater: zero,
  equal: zero,
  select: ([predicate, a], [, ta, tb]) => {
    if ((ta ?? null) === null && (tb ?? null) === null) return null
    return select(predicate!, ta ?? constantLike(a!, 0), tb ?? constantLike(a!, 0))
  },
  cast: (_inputs, [t], { dtype }) =>
    map(t ?? null, (x) => (isFloat(dtype) ? cast(x, dtype) : null)),
  stopGradient: zero,
  reshape: linear((t, { shape }) => reshape(t, shape)),
  transpose: linear((t, { permutation }) => transpose(t, permutation)),
  broadcast: linear((t, { shape, axes }) => broadcastInto(t, shape, axes)),
  slice: linear((t, { starts, limits }) => slice(t, starts, limits)),
  pad: linear((t, { low, high }) => pad(t, low, high)),
  concatenate: (inputs, tangents, { axis }) =>
    tangents.every((t) => t === null)
      ? null
      : concatenate(
          tangents.map((t, i) => t ?? constantLike(inputs[i]!, 0)),
          axis,
        ),
  reverse: linear((t, { axes }) => reverse(t, axes)),
  reduceSum: linear((t, { axes }) => reduceSum(t, axes)),
  reduceMax: ([x], [t], { axes }, y) =>
    map(t ?? null, (tangent) => reduceSum(mul(maximumShares(x!, y, axes), tangent), axes)),
  argmax: zero,
  // ẏ = s ⊙ (ẋ − Σ s ⊙ ẋ)
  softmax: (_inputs, [t], _params, s) =>
    map(t ?? null, (tangent) => {
      const kept = s.shape.slice(0, -1).map((_, axis) => axis)
      const weighted = mul(s, tangent)
      const total = broadcastInto(reduceSum(weighted, [kept.length]), s.shape, kept)
      return sub(weighted, mul(s, total))
    }),
  logSumExp: ([x], [t]) =>
    map(t ?? null, (tangent) => reduceSum(mul(softmax(x!), tangent), [x!.shape.length - 1])),
  standardize: ([x], [t], params, y) =>
    map(t ?? null, (tangent) => standardizeDerivative(x!, y, tangent, params)),
  // ṙ = −r³·(mean(x ẋ) − mean(x)·mean(ẋ)): products of whole tensors only where they are summed up
  inverseDeviation: ([x], [t], { dimensions }, r) =>
    map(t ?? null, (tangent) => {
      const mean = (value: Tracer): Tracer => lastMean(value, dimensions)
      const covariance = sub(mean(mul(x!, tangent)), mul(mean(x!), mean(tangent)))
      return mul(neg(mul(r, mul(r, r))), covariance)
    }),
  gather: ([, indices], [t], { axis }) => map(t ?? null, (x) => gather(x, indices!, axis)),
  scatterAdd: ([, indices], [t], { axis, extent }) =>
    map(t ?? null, (x) => scatterAdd(x, indices!, axis, extent)),
  conv: ([lhs, rhs], [tl, tr], params) =>
    sum(
      map(tl ?? null, (t) => conv(t, rhs!, params)),
      map(tr ?? null, (t) => conv(lhs!, t, params)),
    ),
  dot: ([lhs, rhs], [tl, tr], params) =>
    sum(
      map(tl ?? null, (t) => dot(t, rhs!, params)),
      map(tr ?? null, (t) => dot(lhs!, t, params)),
    ),
}

function applyRule(
  equation: Equation,
  inputs: readonly Tracer[],
  tangents: readonly Tangent[],
  output: Tracer,
): Tangent {
  // The rule and the params belong to one primitive; TypeScript cannot see it through the union.
  const rule = jvpRules[equation.primitive] as JvpRule<Primitive>
  return rule(inputs, tangents, equation.params, output)
}

/**
 * Forward-mode derivative: a program that also carries tangents.
 *
 * @param program - f.
 * @param wrt - Indices of the inputs that get a tangent.
 * @returns A program with inputs (inputs of f, then one tangent per entry of `wrt`) and outputs
 *   (outputs of f, then their tangents J·ẋ).
 */
export function jvp(program: Program, wrt: readonly number[]): Program {
  const graph = new Graph()
  const inputs = program.inputs.map((variable) => graph.input(variable.type))
  const seeds = wrt.map((index) => graph.input(program.inputs[index]!.type))
  const tangents = new Map<unknown, Tangent>()
  wrt.forEach((index, i) => tangents.set(inputs[index]!.variable, seeds[i]!))
  const outputs = inlineProgram(program, graph, inputs, (equation, traced) => {
    const output = reemit(graph, equation, traced)
    const incoming = traced.map((input) => tangents.get(input.variable) ?? null)
    const isMoving = incoming.some((tangent) => tangent !== null)
    tangents.set(output.variable, isMoving ? applyRule(equation, traced, incoming, output) : null)
    return output
  })
  const outgoing = outputs.map((output) => tangents.get(output.variable) ?? constantLike(output, 0))
  const result = graph.finish(
    `jvp(${program.name})`,
    [...inputs, ...seeds],
    [...outputs, ...outgoing],
  )
  typecheckProgram(result)
  return result
}
