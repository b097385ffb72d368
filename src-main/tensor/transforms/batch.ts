import {
  add,
  argmax,
  broadcastInto,
  concatenate,
  conv,
  dot,
  freeAxes,
  gather,
  Graph,
  inlineProgram,
  iota,
  mul,
  pad,
  reduceMax,
  reduceSum,
  reemit,
  reshape,
  reverse,
  scatterAdd,
  slice,
  transpose,
  typecheckProgram,
  type DotParams,
  type Equation,
  type Primitive,
  type PrimitiveParams,
  type Program,
  type Tracer,
  type Variable,
} from '#tensor/program'
import { sizeOf } from '#tensor/dense'
import {
  foldAxis,
  inserted,
  moveAxis,
  placed,
  shifted,
  unfoldAxis,
  type Batched,
} from './batch-axes.ts'

/** Maps inputs, of which one or more have the batch axis, to a result that has it. */
type BatchRule<P extends Primitive> = (
  inputs: readonly Batched[],
  params: PrimitiveParams[P],
  size: number,
  equation: Equation,
) => Batched

const isFixed = ({ axis, remake }: Batched): boolean => axis !== null && remake === undefined

/**
 * The place where least has to move: the last of the operands' that cannot be made again elsewhere. Activations of
 * convolutions carry the axis behind the samples; they meet nothing that leads with it but repetitions.
 */
function commonAxis(inputs: readonly Batched[]): number {
  const fixed = inputs.filter(isFixed)
  return Math.max(...(fixed.length > 0 ? fixed : inputs).map(({ axis }) => axis ?? 0))
}

/** A result that can be made again elsewhere if all its batched operands can. */
function fromOperands(
  inputs: readonly Batched[],
  size: number,
  make: (values: readonly Tracer[], axis: number) => Tracer,
): Batched {
  const at = (axis: number): Tracer =>
    make(
      inputs.map((input) => placed(input, size, axis)),
      axis,
    )
  const axis = commonAxis(inputs)
  return { value: at(axis), axis, remake: inputs.some(isFixed) ? undefined : at }
}

const elementwise: BatchRule<Primitive> = (inputs, _params, size, equation) =>
  fromOperands(inputs, size, (values) => reemit(values[0]!.graph, equation, values))

/** Primitives that act along the last dimensions: the batch axis must not lie among them. */
const alongLast =
  <P extends Primitive>(dimensions: (params: PrimitiveParams[P]) => number): BatchRule<P> =>
  ([x], params, _size, equation) => {
    const { value } = x!
    const axis = x!.axis! < value.shape.length - dimensions(params) ? x!.axis! : 0
    return { value: reemit(value.graph, equation, [moveAxis(value, x!.axis!, axis)]), axis }
  }

/** Primitives of one input, by the place of its batch axis. */
const single =
  <P extends Primitive>(
    apply: (value: Tracer, axis: number, params: PrimitiveParams[P], size: number) => Tracer,
  ): BatchRule<P> =>
  ([x], params, size) => ({
    value: apply(x!.value, x!.axis!, params, size),
    axis: x!.axis,
  })

const reduction =
  (reduce: (x: Tracer, axes: readonly number[]) => Tracer): BatchRule<'reduceSum' | 'reduceMax'> =>
  ([x], { axes }) => ({
    value: reduce(x!.value, shifted(axes, x!.axis!)),
    axis: x!.axis! - axes.filter((axis) => axis < x!.axis!).length,
  })

/** The batch axis stays where it is if the entries before it stay together. */
const batchReshape: BatchRule<'reshape'> = ([x], { shape }, size) => {
  const before = sizeOf(x!.value.shape.slice(0, x!.axis!))
  const place = shape.findIndex((_, i) => sizeOf(shape.slice(0, i)) === before)
  const end = sizeOf(shape) === before ? shape.length : -1
  const axis = place === -1 ? end : place
  if (axis !== -1) return { value: reshape(x!.value, inserted(shape, axis, size)), axis }
  return { value: reshape(moveAxis(x!.value, x!.axis!, 0), [size, ...shape]), axis: 0 }
}

/** A repetition can have the batch axis at any place. */
const batchBroadcast: BatchRule<'broadcast'> = ([x], { shape, axes }, size) => {
  const at = (axis: number): Tracer => {
    const from = axes.filter((target) => target < axis).length
    return broadcastInto(
      moveAxis(x!.value, x!.axis!, from),
      inserted(shape, axis, size),
      inserted(shifted(axes, axis), from, axis),
    )
  }
  const before = axes[x!.axis! - 1]
  const axis = before === undefined ? 0 : before + 1
  return { value: at(axis), axis, remake: at }
}

/**
 * If only the left factor is batched, its batch axis is one more free dimension and the contraction
 * stays one matrix product with more rows; otherwise it becomes a batch dimension of the contraction.
 */
const batchDot: BatchRule<'dot'> = ([lhs, rhs], params, size) => {
  if (rhs!.axis === null && params.lhsBatch.length === 0) {
    const axis = lhs!.axis!
    const { value } = lhs!
    const lhsContract = shifted(params.lhsContract, axis)
    const free = freeAxes(value.shape.length, lhsContract, [])
    return { value: dot(value, rhs!.value, { ...params, lhsContract }), axis: free.indexOf(axis) }
  }
  return {
    value: dot(...batchedFactors(lhs!, rhs!, params, size)),
    axis: 0,
  }
}

function batchedFactors(
  lhs: Batched,
  rhs: Batched,
  params: DotParams,
  size: number,
): [Tracer, Tracer, DotParams] {
  const [left, right] = [lhs.axis ?? 0, rhs.axis ?? 0]
  return [
    placed(lhs, size, left),
    placed(rhs, size, right),
    {
      lhsContract: shifted(params.lhsContract, left),
      rhsContract: shifted(params.rhsContract, right),
      lhsBatch: [left, ...shifted(params.lhsBatch, left)],
      rhsBatch: [right, ...shifted(params.rhsBatch, right)],
    },
  ]
}

/**
 * A batched lhs has more samples, a batched rhs more outputs, and if both are batched there are more groups: the
 * convolution stays one.
 */
const batchConv: BatchRule<'conv'> = ([lhs, rhs], params, size) => {
  const [group, batch, out] = params.outAxes as [number, number, number]
  if (rhs!.axis === null) {
    const folded = foldAxis(lhs!.value, lhs!.axis!, params.lhsAxes[1]!)
    const result = conv(folded.value, rhs!.value, params)
    return unfoldAxis(result, batch, size, folded.isOuter)
  }
  if (lhs!.axis === null) {
    const folded = foldAxis(rhs!.value, rhs!.axis, params.rhsAxes[1]!)
    const result = conv(lhs!.value, folded.value, params)
    return unfoldAxis(result, out, size, folded.isOuter)
  }
  const left = foldAxis(lhs!.value, lhs!.axis, params.lhsAxes[0]!, true)
  const right = foldAxis(rhs!.value, rhs!.axis, params.rhsAxes[0]!, true)
  return unfoldAxis(conv(left.value, right.value, params), group, size, true)
}

/** Indices into a table whose batch axis is folded into the dimension they point along: i + k·extent. */
function offsetIndices(indices: Batched, size: number, extent: number): Tracer {
  const leading = placed(indices, size, 0)
  return add(leading, mul(iota(leading, leading.shape, 0), extent))
}

const batchGather: BatchRule<'gather'> = ([x, indices], { axis }, size) => {
  const rank = indices!.value.shape.length
  if (indices!.axis === null) {
    const at = x!.axis!
    const isBefore = at <= axis
    return {
      value: gather(x!.value, indices!.value, isBefore ? axis + 1 : axis),
      axis: isBefore ? at : at - 1 + rank,
    }
  }
  if (x!.axis === null) {
    return { value: gather(x!.value, indices!.value, axis), axis: axis + indices!.axis }
  }
  const extent = x!.value.shape.toSpliced(x!.axis, 1)[axis]!
  const table = foldAxis(x!.value, x!.axis, axis, true).value
  return { value: gather(table, offsetIndices(indices!, size, extent), axis), axis }
}

const batchScatterAdd: BatchRule<'scatterAdd'> = ([x, indices], { axis, extent }, size) => {
  const rank = indices!.value.shape.length
  if (indices!.axis === null) {
    const isInside = x!.axis! > axis && x!.axis! < axis + rank
    const at = isInside ? 0 : x!.axis!
    const value = moveAxis(x!.value, x!.axis!, at)
    const isBefore = at <= axis
    return {
      value: scatterAdd(value, indices!.value, isBefore ? axis + 1 : axis, extent),
      axis: isBefore ? at : at - rank + 1,
    }
  }
  const updates = placed(x!, size, axis)
  const table = scatterAdd(updates, offsetIndices(indices!, size, extent), axis, extent * size)
  return unfoldAxis(table, axis, size, true)
}

/** How each primitive takes a batch axis; total by type. */
export const batchRules: { readonly [P in Primitive]: BatchRule<P> } = {
  constant: elementwise,
  iota: elementwise,
  neg: elementwise,
  abs: elementwise,
  sign: elementwise,
  exp: elementwise,
  log: elementwise,
  sqrt: elementwise,
  sin: elementwise,
  cos: elementwise,
  erf: elementwise,
  tanh: elementwise,
  logistic: elementwise,
  softplus: elementwise,
  gelu: elementwise,
  relu: elementwise,
  add: elementwise,
  sub: elementwise,
  mul: elementwise,
  div: elementwise,
  maximum: elementwise,
  minimum: elementwise,
  integerPower: elementwise,
  greater: elementwise,
  equal: elementwise,
  select: elementwise,
  cast: elementwise,
  stopGradient: elementwise,
  softmax: alongLast(() => 1),
  logSumExp: alongLast(() => 1),
  standardize: alongLast(({ dimensions }) => dimensions),
  inverseDeviation: alongLast(({ dimensions }) => dimensions),
  reshape: batchReshape,
  transpose: single((x, axis, { permutation }) =>
    transpose(x, inserted(shifted(permutation, axis), axis, axis)),
  ),
  broadcast: batchBroadcast,
  slice: single((x, axis, { starts, limits }, size) =>
    slice(x, inserted(starts, axis, 0), inserted(limits, axis, size)),
  ),
  pad: single((x, axis, { low, high }) => pad(x, inserted(low, axis, 0), inserted(high, axis, 0))),
  concatenate: (inputs, { axis }, size) =>
    fromOperands(inputs, size, (values, at) => concatenate(values, axis >= at ? axis + 1 : axis)),
  reverse: single((x, axis, { axes }) => reverse(x, shifted(axes, axis))),
  reduceSum: reduction(reduceSum),
  reduceMax: reduction(reduceMax),
  argmax: ([x], params) => ({
    value: argmax(x!.value, params.axis >= x!.axis! ? params.axis + 1 : params.axis),
    axis: params.axis < x!.axis! ? x!.axis! - 1 : x!.axis,
  }),
  dot: batchDot,
  conv: batchConv,
  gather: batchGather,
  scatterAdd: batchScatterAdd,
}

/**
 * Carries a new axis through a program: one call computes `size` results at once.
 *
 * The axis leads in inputs and outputs; inside, each rule puts it where its primitive needs no transpose. Values that
 * do not depend on a batched input stay as they are and are computed once.
 *
 * @param isBatched - One flag an input: whether it gets the axis.
 * @param size - Extent of the axis.
 * @returns A program whose batched inputs are `[size, …]` and whose outputs all are `[size, …]`.
 */
export function batch(program: Program, isBatched: readonly boolean[], size: number): Program {
  const graph = new Graph()
  const inputs = program.inputs.map(({ type }, i) =>
    graph.input(isBatched[i] === true ? { ...type, shape: [size, ...type.shape] } : type),
  )
  const known = new Map<Variable, Batched>()
  inputs.forEach((value, i) => {
    if (isBatched[i] === true) known.set(value.variable, { value, axis: 0 })
  })
  const read = (value: Tracer): Batched => known.get(value.variable) ?? { value, axis: null }
  const outputs = inlineProgram(program, graph, inputs, (equation, traced) => {
    const batched = traced.map(read)
    if (batched.every(({ axis }) => axis === null)) return reemit(graph, equation, traced)
    // The rule and the params belong to one primitive; TypeScript cannot see it through the union.
    const rule = batchRules[equation.primitive] as BatchRule<Primitive>
    const result = rule(batched, equation.params, size, equation)
    known.set(result.value.variable, result)
    return result.value
  })
  const stacked = outputs.map((value) => placed(read(value), size, 0))
  const result = graph.finish(`batch(${program.name})`, inputs, stacked)
  typecheckProgram(result)
  return result
}
