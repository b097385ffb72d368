import {
  argmax,
  broadcastInto,
  concatenate,
  dot,
  Graph,
  inlineProgram,
  pad,
  reduceMax,
  reduceSum,
  reemit,
  reshape,
  reverse,
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

/** Inputs with, for each, whether it has the leading batch axis; at least one has. */
interface BatchedInputs {
  readonly values: readonly Tracer[]
  readonly isBatched: readonly boolean[]
  readonly size: number
}

/** Gives the result with the batch axis leading. */
type BatchRule<P extends Primitive> = (
  inputs: BatchedInputs,
  params: PrimitiveParams[P],
  equation: Equation,
) => Tracer

/** Repeats a value along a new leading axis. */
function repeat(value: Tracer, size: number): Tracer {
  return broadcastInto(
    value,
    [size, ...value.shape],
    value.shape.map((_, axis) => axis + 1),
  )
}

const aligned = ({ values, isBatched, size }: BatchedInputs): Tracer[] =>
  values.map((value, i) => (isBatched[i] === true ? value : repeat(value, size)))

/** Entry by entry, and along the last dimension: the leading axis just comes along. */
const alongside: BatchRule<Primitive> = (inputs, _params, equation) => {
  const values = aligned(inputs)
  return reemit(values[0]!.graph, equation, values)
}

const later = (axes: readonly number[]): number[] => axes.map((axis) => axis + 1)

const single =
  <P extends Primitive>(
    apply: (value: Tracer, params: PrimitiveParams[P], size: number) => Tracer,
  ): BatchRule<P> =>
  ({ values, size }, params) =>
    apply(values[0]!, params, size)

/**
 * If only the left factor is batched, its batch axis is one more free dimension and the contraction
 * stays one matrix product with more rows; otherwise it becomes a batch dimension of the contraction.
 */
function batchDot(inputs: BatchedInputs, params: DotParams): Tracer {
  const [lhs, rhs] = inputs.values as [Tracer, Tracer]
  const [isLhsBatched, isRhsBatched] = inputs.isBatched as [boolean, boolean]
  if (isLhsBatched && !isRhsBatched && params.lhsBatch.length === 0) {
    return dot(lhs, rhs, {
      ...params,
      lhsContract: later(params.lhsContract),
    })
  }
  return dot(
    isLhsBatched ? lhs : repeat(lhs, inputs.size),
    isRhsBatched ? rhs : repeat(rhs, inputs.size),
    {
      lhsContract: later(params.lhsContract),
      rhsContract: later(params.rhsContract),
      lhsBatch: [0, ...later(params.lhsBatch)],
      rhsBatch: [0, ...later(params.rhsBatch)],
    },
  )
}

/** How each primitive takes a leading batch axis; total by type. */
export const batchRules: { readonly [P in Primitive]: BatchRule<P> } = {
  constant: alongside,
  neg: alongside,
  abs: alongside,
  sign: alongside,
  exp: alongside,
  log: alongside,
  sqrt: alongside,
  sin: alongside,
  cos: alongside,
  erf: alongside,
  tanh: alongside,
  logistic: alongside,
  softplus: alongside,
  gelu: alongside,
  relu: alongside,
  add: alongside,
  sub: alongside,
  mul: alongside,
  div: alongside,
  maximum: alongside,
  minimum: alongside,
  integerPower: alongside,
  greater: alongside,
  equal: alongside,
  select: alongside,
  cast: alongside,
  stopGradient: alongside,
  softmax: alongside,
  logSumExp: alongside,
  reshape: single((x, { shape }, size) => reshape(x, [size, ...shape])),
  transpose: single((x, { permutation }) => transpose(x, [0, ...later(permutation)])),
  broadcast: single((x, { shape, axes }, size) =>
    broadcastInto(x, [size, ...shape], [0, ...later(axes)]),
  ),
  slice: single((x, { starts, limits }, size) => slice(x, [0, ...starts], [size, ...limits])),
  pad: single((x, { low, high }) => pad(x, [0, ...low], [0, ...high])),
  concatenate: (inputs, { axis }) => concatenate(aligned(inputs), axis + 1),
  reverse: single((x, { axes }) => reverse(x, later(axes))),
  reduceSum: single((x, { axes }) => reduceSum(x, later(axes))),
  reduceMax: single((x, { axes }) => reduceMax(x, later(axes))),
  argmax: single((x, { axis }) => argmax(x, axis + 1)),
  dot: batchDot,
}

/**
 * Carries a new leading axis through a program: one call computes `size` results at once.
 *
 * Values that do not depend on a batched input stay as they are and are computed once.
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
  const batched = new Set<Variable>(
    inputs.filter((_, i) => isBatched[i] === true).map((input) => input.variable),
  )
  const outputs = inlineProgram(program, graph, inputs, (equation, traced) => {
    const flags = traced.map((input) => batched.has(input.variable))
    if (!flags.includes(true)) return reemit(graph, equation, traced)
    // The rule and the params belong to one primitive; TypeScript cannot see it through the union.
    const rule = batchRules[equation.primitive] as BatchRule<Primitive>
    const result = rule({ values: traced, isBatched: flags, size }, equation.params, equation)
    batched.add(result.variable)
    return result
  })
  const stacked = outputs.map((output) =>
    batched.has(output.variable) ? output : repeat(output, size),
  )
  const result = graph.finish(`batch(${program.name})`, inputs, stacked)
  typecheckProgram(result)
  return result
}
