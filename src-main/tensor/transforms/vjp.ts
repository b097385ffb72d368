import { InputError } from '#base'
import { sizeOf } from '#tensor/dense'
import {
  add,
  broadcastInto,
  cast,
  constantLike,
  conv,
  div,
  dot,
  freeAxes,
  gather,
  Graph,
  inlineProgram,
  isFloat,
  mul,
  neg,
  pad,
  reduceSum,
  reemit,
  reshape,
  reverse,
  scatterAdd,
  select,
  slice,
  softmax,
  spatialOf,
  sub,
  transpose,
  transposedInLhs,
  transposedInRhs,
  typecheckProgram,
  type DotParams,
  type Equation,
  type Primitive,
  type PrimitiveParams,
  type Program,
  type Tracer,
  type Variable,
} from '#tensor/program'
import { derivativeRules, type Differentiable } from './derivatives.ts'
import { lastMean, leftShare, maximumShares, standardizeDerivative } from './jvp.ts'

type VjpRule<P extends Primitive> = (
  inputs: readonly Tracer[],
  cotangent: Tracer,
  params: PrimitiveParams[P],
  output: Tracer,
) => readonly (Tracer | null)[]

const zero: VjpRule<Primitive> = (inputs) => inputs.map(() => null)

/** x̄ = f′(x)·ȳ */
const unary =
  <P extends Differentiable>(primitive: P): VjpRule<P> =>
  ([x], cotangent, params, y) => {
    const factor = derivativeRules[primitive](x!, y, params)
    return [factor === null ? null : mul(factor, cotangent)]
  }

const keptAxes = (x: Tracer, axes: readonly number[]): number[] =>
  x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis))

const choice =
  (toward: 1 | -1): VjpRule<'maximum' | 'minimum'> =>
  ([a, b], cotangent) => {
    const share = toward === 1 ? leftShare(a!, b!) : leftShare(b!, a!)
    return [mul(share, cotangent), mul(sub(1, share), cotangent)]
  }

/**
 * Cotangent of one factor of z = dot(x, y): contract z̄ with y over y's free dimensions, then put the
 * dimensions back in the order of x.
 */
function dotCotangent(
  cotangent: Tracer,
  other: Tracer,
  params: DotParams,
  side: 'lhs' | 'rhs',
  shape: readonly number[],
): Tracer {
  const isLhs = side === 'lhs'
  const ownContract = isLhs ? params.lhsContract : params.rhsContract
  const ownBatch = isLhs ? params.lhsBatch : params.rhsBatch
  const otherContract = isLhs ? params.rhsContract : params.lhsContract
  const otherBatch = isLhs ? params.rhsBatch : params.lhsBatch
  const ownFree = freeAxes(shape.length, ownContract, ownBatch)
  const otherFree = freeAxes(other.shape.length, otherContract, otherBatch)
  const batchCount = ownBatch.length
  // z has dimensions batch, lhs free, rhs free.
  const otherStart = batchCount + (isLhs ? ownFree.length : 0)
  const cotangentContract = otherFree.map((_, i) => otherStart + i)
  const cotangentBatch = ownBatch.map((_, i) => i)
  const contracted = dot(cotangent, other, {
    lhsContract: cotangentContract,
    rhsContract: otherFree,
    lhsBatch: cotangentBatch,
    rhsBatch: otherBatch,
  })
  // The result has dimensions batch, own free, and other's contracted ones in ascending order.
  const contractedOrder = otherContract.toSorted((a, b) => a - b)
  const ownAxisOf = contractedOrder.map((axis) => ownContract[otherContract.indexOf(axis)]!)
  const order = [...ownBatch, ...ownFree, ...ownAxisOf]
  return transpose(
    contracted,
    shape.map((_, axis) => order.indexOf(axis)),
  )
}

/** How a cotangent passes each primitive backwards; total by type. */
export const vjpRules: { readonly [P in Primitive]: VjpRule<P> } = {
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
  add: (_inputs, ct) => [ct, ct],
  sub: (_inputs, ct) => [ct, neg(ct)],
  mul: ([a, b], ct) => [mul(b!, ct), mul(a!, ct)],
  div: ([, b], ct, _params, y) => [mul(div(1, b!), ct), mul(neg(div(y, b!)), ct)],
  maximum: choice(1),
  minimum: choice(-1),
  greater: zero,
  equal: zero,
  select: ([predicate, a], ct) => {
    const nothing = constantLike(a!, 0)
    return [null, select(predicate!, ct, nothing), select(predicate!, nothing, ct)]
  },
  cast: ([x], ct) => [isFloat(x!.type.dtype) ? cast(ct, x!.type.dtype) : null],
  stopGradient: zero,
  reshape: ([x], ct) => [reshape(ct, x!.shape)],
  transpose: (_inputs, ct, { permutation }) => [
    transpose(
      ct,
      permutation.map((_, axis) => permutation.indexOf(axis)),
    ),
  ],
  broadcast: (_inputs, ct, { axes }) => [reduceSum(ct, keptAxes(ct, axes))],
  slice: ([x], ct, { starts, limits }) => [
    pad(
      ct,
      starts,
      x!.shape.map((extent, axis) => extent - limits[axis]!),
    ),
  ],
  pad: ([x], ct, { low }) => [
    slice(
      ct,
      low,
      x!.shape.map((extent, axis) => low[axis]! + extent),
    ),
  ],
  concatenate: (inputs, ct, { axis }) => {
    let start = 0
    return inputs.map((input) => {
      const from = start
      start += input.shape[axis]!
      return slice(
        ct,
        ct.shape.map((_, i) => (i === axis ? from : 0)),
        ct.shape.map((extent, i) => (i === axis ? from + input.shape[axis]! : extent)),
      )
    })
  },
  reverse: (_inputs, ct, { axes }) => [reverse(ct, axes)],
  reduceSum: ([x], ct, { axes }) => [broadcastInto(ct, x!.shape, keptAxes(x!, axes))],
  reduceMax: ([x], ct, { axes }, y) => [
    mul(maximumShares(x!, y, axes), broadcastInto(ct, x!.shape, keptAxes(x!, axes))),
  ],
  argmax: zero,
  // The Jacobian diag(s) − s sᵀ is symmetric.
  softmax: (_inputs, ct, _params, s) => {
    const kept = keptAxes(s, [s.shape.length - 1])
    const weighted = mul(s, ct)
    const total = broadcastInto(reduceSum(weighted, [kept.length]), s.shape, kept)
    return [sub(weighted, mul(s, total))]
  },
  logSumExp: ([x], ct) => [
    mul(softmax(x!), broadcastInto(ct, x!.shape, keptAxes(x!, [x!.shape.length - 1]))),
  ],
  standardize: ([x], ct, params, y) => [standardizeDerivative(x!, y, ct, params)],
  // x̄ = −r³·r̄·(x − mean(x))/n
  inverseDeviation: ([x], ct, { dimensions }, r) => {
    const along = (row: Tracer): Tracer =>
      broadcastInto(
        row,
        x!.shape,
        r.shape.map((_, axis) => axis),
      )
    const count = sizeOf(x!.shape.slice(r.shape.length))
    const factor = mul(mul(mul(r, mul(r, r)), ct), -1 / count)
    return [sub(mul(along(factor), x!), along(mul(factor, lastMean(x!, dimensions))))]
  },
  gather: ([x, indices], ct, { axis }) => [scatterAdd(ct, indices!, axis, x!.shape[axis]!), null],
  scatterAdd: ([, indices], ct, { axis }) => [gather(ct, indices!, axis), null],
  conv: ([lhs, rhs], ct, params) => [
    conv(
      ct,
      reverse(rhs!, spatialOf(params.rhsAxes)),
      transposedInLhs(params, lhs!.shape, rhs!.shape, ct.shape),
    ),
    conv(lhs!, ct, transposedInRhs(params, lhs!.shape, rhs!.shape, ct.shape)),
  ],
  dot: ([lhs, rhs], ct, params) => [
    dotCotangent(ct, rhs!, params, 'lhs', lhs!.shape),
    dotCotangent(ct, lhs!, params, 'rhs', rhs!.shape),
  ],
}

function applyRule(
  equation: Equation,
  inputs: readonly Tracer[],
  cotangent: Tracer,
  output: Tracer,
): readonly (Tracer | null)[] {
  // The rule and the params belong to one primitive; TypeScript cannot see it through the union.
  const rule = vjpRules[equation.primitive] as VjpRule<Primitive>
  return rule(inputs, cotangent, equation.params, output)
}

/**
 * Reverse-mode derivative of a scalar: a program for the value and its gradient.
 *
 * @param program - f; its first output is the scalar, the others are passed on (auxiliary results).
 * @param wrt - Indices of the inputs to differentiate by.
 * @returns A program with the inputs of f and outputs (outputs of f, then ∂f/∂input per entry of `wrt`).
 * @throws InputError if the first output is not a scalar float.
 */
export function valueAndGradient(program: Program, wrt: readonly number[]): Program {
  const target = program.outputs[0]
  if (target === undefined || target.type.shape.length > 0 || !isFloat(target.type.dtype)) {
    throw new InputError(program.name, `gradient wants a scalar float first output`)
  }
  return pullBack(program, wrt, 'scalar')
}

/**
 * Vector-Jacobian product.
 *
 * @returns A program with inputs (inputs of f, then one cotangent per output of f) and outputs
 *   (outputs of f, then Jᵀ·ȳ per entry of `wrt`).
 */
export function vjp(program: Program, wrt: readonly number[]): Program {
  return pullBack(program, wrt, 'all')
}

function pullBack(program: Program, wrt: readonly number[], mode: 'scalar' | 'all'): Program {
  const graph = new Graph()
  const inputs = program.inputs.map((variable) => graph.input(variable.type))
  const tape: { equation: Equation; inputs: readonly Tracer[]; output: Tracer }[] = []
  const reached = new Set<Variable>(wrt.map((index) => inputs[index]!.variable))
  const outputs = inlineProgram(program, graph, inputs, (equation, traced) => {
    const output = reemit(graph, equation, traced)
    if (traced.some((input) => reached.has(input.variable))) {
      reached.add(output.variable)
      tape.push({ equation, inputs: traced, output })
    }
    return output
  })
  const seeds = mode === 'scalar' ? [] : outputs.map((output) => graph.input(output.type))
  const cotangents = new Map<Variable, Tracer>()
  const accumulate = (variable: Variable, cotangent: Tracer): void => {
    const earlier = cotangents.get(variable)
    cotangents.set(variable, earlier === undefined ? cotangent : add(earlier, cotangent))
  }
  if (mode === 'scalar') accumulate(outputs[0]!.variable, constantLike(outputs[0]!, 1))
  seeds.forEach((seed, i) => {
    accumulate(outputs[i]!.variable, seed)
  })
  for (const { equation, inputs: traced, output } of tape.toReversed()) {
    const cotangent = cotangents.get(output.variable)
    if (cotangent === undefined) continue
    applyRule(equation, traced, cotangent, output).forEach((share, i) => {
      const { variable } = traced[i]!
      if (share !== null && reached.has(variable)) accumulate(variable, share)
    })
  }
  const gradients = wrt.map(
    (index) => cotangents.get(inputs[index]!.variable) ?? constantLike(inputs[index]!, 0),
  )
  const kind = mode === 'scalar' ? 'grad' : 'vjp'
  const result = graph.finish(
    `${kind}(${program.name})`,
    [...inputs, ...seeds],
    [...outputs, ...gradients],
  )
  typecheckProgram(result)
  return result
}
