import { sameShape, sizeOf } from '#tensor/dense'
import type {
  Equation,
  EquationOf,
  Primitive,
  PrimitiveParams,
  Program,
  ValueType,
  Variable,
} from '#tensor/program'
import { findSharedPatches, type SharedPatches } from './conv-ways.ts'
import { lowerConv } from './lowering-conv.ts'
import { lowerDot } from './lowering-dot.ts'
import { elementTypeOf, OnnxGraph, requireFloat32 } from './onnx-graph.ts'
import { geluPolynomial, logisticPolynomial, tanhPolynomial } from './scalar-functions.ts'

/**
 * A value in the ONNX graph. `actual` has the rank of the value's shape; where it is 1 and the shape is
 * not, the repetition is left to the reader (ONNX broadcasts elementwise operands and matrix batches),
 * so repeated tensors are not written out.
 */
export interface Lowered {
  readonly name: string
  readonly actual: readonly number[]
}

type LowerRule<P extends Primitive> = (
  graph: OnnxGraph,
  inputs: readonly Lowered[],
  params: PrimitiveParams[P],
  type: ValueType,
  inputTypes: readonly ValueType[],
  context: LoweringContext,
) => Lowered

/** What a rule may ask of the program around its equation. */
interface LoweringContext {
  readonly equation: Equation
  readonly sharedPatches: SharedPatches
}

/** Writes repetitions out. */
export function materialize(graph: OnnxGraph, value: Lowered, shape: readonly number[]): Lowered {
  if (sameShape(value.actual, shape)) return value
  return { name: graph.node('Expand', [value.name, graph.integers(shape)]), actual: shape }
}

/** The same entries under another shape. */
export function reshapeNode(graph: OnnxGraph, value: Lowered, actual: readonly number[]): Lowered {
  if (sameShape(value.actual, actual)) return value
  return { name: graph.node('Reshape', [value.name, graph.integers(actual)]), actual }
}

const joint = (values: readonly Lowered[]): number[] =>
  values[0]!.actual.map((_, axis) => Math.max(...values.map((value) => value.actual[axis]!)))

const elementwise =
  (opType: string): LowerRule<Primitive> =>
  (graph, inputs) => ({
    name: graph.node(
      opType,
      inputs.map((input) => input.name),
    ),
    actual: joint(inputs),
  })

/** Horner's scheme on a value already computed; in its square where the polynomial is even or odd. */
function polynomialNode(
  graph: OnnxGraph,
  coefficients: readonly number[],
  x: string,
  type: ValueType,
): string {
  const has = (parity: number): boolean => coefficients.some((c, i) => c !== 0 && i % 2 === parity)
  if (coefficients.length > 2 && !(has(0) && has(1))) {
    const parity = has(1) ? 1 : 0
    const inSquare = coefficients.filter((_, i) => i % 2 === parity)
    const value = polynomialNode(graph, inSquare, graph.node('Mul', [x, x]), type)
    return parity === 1 ? graph.node('Mul', [x, value]) : value
  }
  const number = (value: number): string => graph.number(value, type.dtype, type.shape.length)
  const plus = (value: string, c: number): string =>
    c === 0 ? value : graph.node('Add', [value, number(c)])
  const [first = 0, second, ...rest] = coefficients.toReversed()
  if (second === undefined) return plus(graph.node('Mul', [x, number(0)]), first)
  const line = ((): string => {
    if (first === 1) return plus(x, second)
    if (first === -1) return graph.node('Sub', [number(second), x])
    return plus(graph.node('Mul', [x, number(first)]), second)
  })()
  return rest.reduce((value, c) => plus(graph.node('Mul', [value, x]), c), line)
}

const viaPolynomial =
  (opType: string, polynomial: (order: number) => number[]): LowerRule<'tanh' | 'logistic'> =>
  (graph, [x], { order }, type) => {
    const base = graph.node(opType, [x!.name])
    const name = order === 0 ? base : polynomialNode(graph, polynomial(order), base, type)
    return { name, actual: x!.actual }
  }

const lowerGelu: LowerRule<'gelu'> = (graph, [x], { order }, type) => {
  requireFloat32('gelu', type)
  const number = (value: number): string => graph.number(value, type.dtype, type.shape.length)
  const cumulative = (): string => {
    const scaled = graph.node('Mul', [x!.name, number(Math.SQRT1_2)])
    const half = graph.node('Mul', [graph.node('Erf', [scaled]), number(0.5)])
    return graph.node('Add', [half, number(0.5)])
  }
  const density = (): string => {
    const square = graph.node('Mul', [x!.name, x!.name])
    const bell = graph.node('Exp', [graph.node('Mul', [square, number(-0.5)])])
    return graph.node('Mul', [bell, number(1 / Math.sqrt(2 * Math.PI))])
  }
  const name = ((): string => {
    if (order === 0) return graph.node('Mul', [x!.name, cumulative()])
    if (order === 1) {
      return graph.node('Add', [cumulative(), graph.node('Mul', [x!.name, density()])])
    }
    const factor = polynomialNode(graph, geluPolynomial(order), x!.name, type)
    return graph.node('Mul', [density(), factor])
  })()
  return { name, actual: x!.actual }
}

const lowerRelu: LowerRule<'relu'> = (graph, [x], { order }, type) => {
  const zero = graph.number(0, type.dtype, type.shape.length)
  if (order === 0) return { name: graph.node('Relu', [x!.name]), actual: x!.actual }
  if (order > 1) return { name: zero, actual: type.shape.map(() => 1) }
  const isPositive = graph.node('Greater', [x!.name, zero])
  return {
    name: graph.node('Cast', [isPositive], { to: elementTypeOf(type.dtype) }),
    actual: x!.actual,
  }
}

const reduction =
  (opType: 'ReduceSum' | 'ReduceMax'): LowerRule<'reduceSum' | 'reduceMax'> =>
  (graph, [x], { axes }, type, [inputType]) => {
    const full = materialize(graph, x!, inputType!.shape)
    const name = graph.node(opType, [full.name, graph.integers(axes)], { keepdims: 0 })
    return { name, actual: type.shape }
  }

const identity: LowerRule<Primitive> = (_graph, [x]) => x!

/** Standardized rows, their means and their inverse deviations. */
function layerNormalization(
  graph: OnnxGraph,
  x: Lowered,
  { epsilon, dimensions }: PrimitiveParams['standardize'],
  type: ValueType,
): [string, string, string] {
  requireFloat32('standardize', type)
  const row = type.shape.slice(-dimensions)
  const scale = graph.floats('ones', row, () => new Float32Array(sizeOf(row)).fill(1))
  const names = graph.nodes('LayerNormalization', [x.name, scale], 3, {
    axis: -dimensions,
    epsilon: { float: epsilon },
  })
  return names as [string, string, string]
}

/** Entries of a one-hot matrix up to which rows are added up by a matrix product. */
const largestOneHot = 2 ** 22

/**
 * Rows are added up by a product with a one-hot matrix, or, where that would be large, by ScatterElements. Not by
 * ScatterND: with several threads it loses additions to rows that occur more than once.
 */
const lowerScatterAdd: LowerRule<'scatterAdd'> = (
  graph,
  [x, indices],
  { axis, extent },
  type,
  [xType, indexType],
) => {
  const count = sizeOf(indexType!.shape)
  const outer = sizeOf(xType!.shape.slice(0, axis))
  const inner = sizeOf(xType!.shape.slice(axis + indexType!.shape.length))
  const full = materialize(graph, x!, xType!.shape)
  const updates = reshapeNode(graph, full, [outer, count, inner]).name
  const rows = materialize(graph, indices!, indexType!.shape).name
  const table = ((): string => {
    if (extent * count <= largestOneHot) {
      const row = graph.node('Reshape', [rows, graph.integers([1, count])])
      const isRow = graph.node('Equal', [graph.range(extent, 'int32', [extent, 1]), row])
      const oneHot = graph.node('Cast', [isRow], { to: elementTypeOf(type.dtype) })
      return graph.node('MatMul', [oneHot, updates])
    }
    const zeros = graph.node('Expand', [
      graph.number(0, type.dtype, 3),
      graph.integers([outer, extent, inner]),
    ])
    const column = graph.node('Reshape', [rows, graph.integers([1, count, 1])])
    const everywhere = graph.node('Expand', [column, graph.integers([outer, count, inner])])
    return graph.node('ScatterElements', [zeros, everywhere, updates], {
      axis: 1,
      reduction: { text: 'add' },
    })
  })()
  return reshapeNode(graph, { name: table, actual: [outer, extent, inner] }, type.shape)
}

/** One rule a primitive. */
export type LoweringRules = { readonly [P in Primitive]: LowerRule<P> }

/** How each primitive is written in ONNX; total by type. */
export const loweringRules: LoweringRules = {
  constant: (graph, _inputs, { value, shape, dtype }) => ({
    name: graph.number(value, dtype, shape.length),
    actual: shape.map(() => 1),
  }),
  iota: (graph, _inputs, { shape, axis, dtype }) => {
    const line = shape.map((extent, i) => (i === axis ? extent : 1))
    return { name: graph.range(shape[axis]!, dtype, line), actual: line }
  },
  neg: elementwise('Neg'),
  abs: elementwise('Abs'),
  sign: elementwise('Sign'),
  exp: elementwise('Exp'),
  log: elementwise('Log'),
  sqrt: elementwise('Sqrt'),
  sin: elementwise('Sin'),
  cos: elementwise('Cos'),
  erf: (graph, inputs, params, type, inputTypes, context) => {
    requireFloat32('erf', type)
    return elementwise('Erf')(graph, inputs, params, type, inputTypes, context)
  },
  tanh: viaPolynomial('Tanh', tanhPolynomial),
  logistic: viaPolynomial('Sigmoid', logisticPolynomial),
  softplus: (graph, inputs, { order }, type, inputTypes, context) =>
    order === 0
      ? elementwise('Softplus')(graph, inputs, {}, type, inputTypes, context)
      : loweringRules.logistic(graph, inputs, { order: order - 1 }, type, inputTypes, context),
  gelu: lowerGelu,
  relu: lowerRelu,
  add: elementwise('Add'),
  sub: elementwise('Sub'),
  mul: elementwise('Mul'),
  div: elementwise('Div'),
  maximum: elementwise('Max'),
  minimum: elementwise('Min'),
  integerPower: (graph, [x], { exponent }, type) => ({
    name:
      exponent === 2
        ? graph.node('Mul', [x!.name, x!.name])
        : graph.node('Pow', [x!.name, graph.number(exponent, type.dtype, type.shape.length)]),
    actual: x!.actual,
  }),
  greater: elementwise('Greater'),
  equal: elementwise('Equal'),
  select: elementwise('Where'),
  cast: (graph, [x], { dtype }) => ({
    name: graph.node('Cast', [x!.name], { to: elementTypeOf(dtype) }),
    actual: x!.actual,
  }),
  stopGradient: identity,
  reshape: (graph, [x], { shape }, _type, [inputType]) =>
    sizeOf(x!.actual) === 1
      ? reshapeNode(
          graph,
          x!,
          shape.map(() => 1),
        )
      : reshapeNode(graph, materialize(graph, x!, inputType!.shape), shape),
  transpose: (graph, [x], { permutation }) => ({
    name: graph.node('Transpose', [x!.name], { perm: permutation }),
    actual: permutation.map((axis) => x!.actual[axis]!),
  }),
  broadcast: (graph, [x], { shape, axes }) =>
    reshapeNode(
      graph,
      x!,
      shape.map((_, axis) => (axes.includes(axis) ? x!.actual[axes.indexOf(axis)]! : 1)),
    ),
  slice: (graph, [x], { starts, limits }, type, [inputType]) => ({
    name: graph.node('Slice', [
      materialize(graph, x!, inputType!.shape).name,
      graph.integers(starts),
      graph.integers(limits),
    ]),
    actual: type.shape,
  }),
  pad: (graph, [x], { low, high }, type, [inputType]) => ({
    name: graph.node('Pad', [
      materialize(graph, x!, inputType!.shape).name,
      graph.integers([...low, ...high]),
    ]),
    actual: type.shape,
  }),
  concatenate: (graph, inputs, { axis }, type, inputTypes) => ({
    name: graph.node(
      'Concat',
      inputs.map((input, i) => materialize(graph, input, inputTypes[i]!.shape).name),
      { axis },
    ),
    actual: type.shape,
  }),
  reverse: (graph, [x], { axes }, type, [inputType]) => ({
    name: graph.node('Slice', [
      materialize(graph, x!, inputType!.shape).name,
      graph.integers(axes.map(() => -1)),
      // Below any index: runs to the first entry, inclusive.
      graph.integers(axes.map(() => -(2 ** 31))),
      graph.integers(axes),
      graph.integers(axes.map(() => -1)),
    ]),
    actual: type.shape,
  }),
  reduceSum: reduction('ReduceSum'),
  reduceMax: reduction('ReduceMax'),
  argmax: (graph, [x], { axis }, type, [inputType]) => {
    const full = materialize(graph, x!, inputType!.shape)
    const index = graph.node('ArgMax', [full.name], { axis, keepdims: 0 })
    return {
      name: graph.node('Cast', [index], { to: elementTypeOf('int32') }),
      actual: type.shape,
    }
  },
  softmax: (graph, [x], _params, type) => {
    const full = materialize(graph, x!, type.shape)
    return { name: graph.node('Softmax', [full.name], { axis: -1 }), actual: type.shape }
  },
  logSumExp: (graph, [x], _params, type, [inputType]) => {
    // Shifted by the largest entry: exp never overflows.
    const full = materialize(graph, x!, inputType!.shape)
    const last = graph.integers([-1])
    const largest = graph.node('ReduceMax', [full.name, last], { keepdims: 1 })
    const shifted = graph.node('Exp', [graph.node('Sub', [full.name, largest])])
    const total = graph.node('Log', [graph.node('ReduceSum', [shifted, last], { keepdims: 0 })])
    const shift = graph.node('Reshape', [largest, graph.integers(type.shape)])
    return { name: graph.node('Add', [total, shift]), actual: type.shape }
  },
  standardize: (graph, [x], params, type) => ({
    name: layerNormalization(graph, materialize(graph, x!, type.shape), params, type)[0],
    actual: type.shape,
  }),
  inverseDeviation: (graph, [x], params, type, [inputType]) => {
    const full = materialize(graph, x!, inputType!.shape)
    const kept = layerNormalization(graph, full, params, inputType!)[2]
    return { name: graph.node('Reshape', [kept, graph.integers(type.shape)]), actual: type.shape }
  },
  gather: (graph, [x, indices], { axis }, type, [xType, indexType]) => ({
    name: graph.node(
      'Gather',
      [
        materialize(graph, x!, xType!.shape).name,
        materialize(graph, indices!, indexType!.shape).name,
      ],
      { axis },
    ),
    actual: type.shape,
  }),
  scatterAdd: lowerScatterAdd,
  conv: (graph, [lhs, rhs], _params, _type, [lhsType, rhsType], { equation, sharedPatches }) =>
    lowerConv(
      graph,
      // The rule is called for its own primitive only.
      equation as EquationOf<'conv'>,
      [
        materialize(graph, lhs!, lhsType!.shape).name,
        materialize(graph, rhs!, rhsType!.shape).name,
      ],
      sharedPatches,
    ),
  dot: (graph, [lhs, rhs], params, type, [lhsType, rhsType]) =>
    lowerDot(graph, { value: lhs!, type: lhsType! }, { value: rhs!, type: rhsType! }, params, type),
}

/**
 * A program as an ONNX model, with inputs `in0…` and outputs `out0…`.
 *
 * @param deviceRules - Rules in place of the general ones, for what a device does badly.
 */
export function lowerProgram(
  program: Program,
  deviceRules: Partial<LoweringRules> = {},
): OnnxGraph {
  const rules = { ...loweringRules, ...deviceRules }
  const graph = new OnnxGraph()
  const sharedPatches = findSharedPatches(program)
  const environment = new Map<Variable, Lowered>()
  program.inputs.forEach((variable, i) => {
    const { dtype, shape } = variable.type
    environment.set(variable, { name: graph.input(`in${i}`, dtype, shape), actual: shape })
  })
  for (const equation of program.equations) {
    const values = equation.inputs.map((input) => environment.get(input)!)
    environment.set(equation.output, lowerEquation(graph, rules, equation, values, sharedPatches))
  }
  program.outputs.forEach((variable, i) => {
    const { dtype, shape } = variable.type
    const value = materialize(graph, environment.get(variable)!, shape)
    graph.output(`out${i}`, value.name, dtype, shape)
  })
  return graph
}

function lowerEquation(
  graph: OnnxGraph,
  rules: LoweringRules,
  equation: Equation,
  values: readonly Lowered[],
  sharedPatches: SharedPatches,
): Lowered {
  // The rule and the params belong to one primitive; TypeScript cannot see it through the union.
  const rule = rules[equation.primitive] as LowerRule<Primitive>
  return rule(
    graph,
    values,
    equation.params,
    equation.output.type,
    equation.inputs.map((input) => input.type),
    { equation, sharedPatches },
  )
}
