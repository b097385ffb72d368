import { InputError } from '#base'
import { sizeOf } from '#tensor/dense'
import {
  formatType,
  type EquationOf,
  type Primitive,
  type Program,
  type Variable,
} from '#tensor/program'
import { BlockedConvolutions } from './conv-blocked.ts'
import { findSharedPatches } from './conv-ways.ts'
import { lowerConv } from './lowering-conv.ts'
import { lowerDot } from './lowering-dot.ts'
import { erfNode } from './lowering-erf.ts'
import { lowerGelu, lowerRelu, viaPolynomial } from './lowering-nonlinearities.ts'
import { lowerScatterAdd, standardizedRows } from './lowering-rows.ts'
import {
  elementwise,
  materialize,
  reshapeNode,
  type Lowered,
  type LoweringContext,
  type LowerRule,
  type LoweringRules,
} from './lowering-rule.ts'
import { elementTypeOf, OnnxGraph } from './onnx-graph.ts'
import { logisticPolynomial, tanhPolynomial } from './scalar-functions.ts'

const reduction =
  (opType: 'ReduceSum' | 'ReduceMax'): LowerRule<'reduceSum' | 'reduceMax'> =>
  (graph, [x], { axes }, type, [inputType]) => {
    const full = materialize(graph, x!, inputType!.shape)
    const name = graph.node(opType, [full.name, graph.integers(axes)], { keepdims: 0 })
    return { name, actual: type.shape }
  }

const identity: LowerRule<Primitive> = (_graph, [x]) => x!

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
  erf: (graph, [x], _params, type) => ({
    name: erfNode(graph, x!.name, type),
    actual: x!.actual,
  }),
  tanh: viaPolynomial('Tanh', tanhPolynomial),
  logistic: viaPolynomial('Sigmoid', logisticPolynomial),
  softplus: (graph, inputs, { order }, type, inputTypes, context) =>
    order === 0
      ? elementwise('Softplus')(graph, inputs, {}, type, inputTypes, context)
      : loweringRules.logistic(graph, inputs, { order: order - 1 }, type, inputTypes, context),
  gelu: lowerGelu,
  relu: lowerRelu,
  add: (graph, inputs, params, type, inputTypes, context) =>
    context.blocked?.add(graph, inputs) ??
    elementwise('Add')(graph, inputs, params, type, inputTypes, context),
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
    name: standardizedRows(graph, materialize(graph, x!, type.shape), params, type)[0],
    actual: type.shape,
  }),
  inverseDeviation: (graph, [x], params, type, [inputType]) => {
    const full = materialize(graph, x!, inputType!.shape)
    const [, kept] = standardizedRows(graph, full, params, inputType!)
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
  conv: (graph, [lhs, rhs], _params, _type, [lhsType, rhsType], context) =>
    lowerConv(
      graph,
      // The rule is called for its own primitive only.
      context.equation as EquationOf<'conv'>,
      [
        materialize(graph, lhs!, lhsType!.shape).name,
        materialize(graph, rhs!, rhsType!.shape).name,
      ],
      context,
    ),
  dot: (graph, [lhs, rhs], params, type, [lhsType, rhsType]) =>
    lowerDot(graph, { value: lhs!, type: lhsType! }, { value: rhs!, type: rhsType! }, params, type),
}

/** Refuses empty tensors: operators of ONNX Runtime disagree about them, and some give wrong numbers. */
function refuseEmpty(program: Program): void {
  const values = [...program.inputs, ...program.equations.map(({ output }) => output)]
  const empty = values.find(({ type }) => type.shape.includes(0))
  if (empty !== undefined) {
    throw new InputError(
      program.name,
      `${program.name} has a value ${formatType(empty.type)}; natively every extent must be 1 or more`,
    )
  }
}

/** What the machine that runs a graph asks of it. */
export interface LoweringOptions {
  /** Rules in place of the general ones, for what a device does badly. */
  readonly deviceRules?: Partial<LoweringRules>
  /** Channels a block in convolutions, see `findChannelBlock`; null leaves the plain layout. @default null */
  readonly channelBlock?: number | null
}

/**
 * A program as an ONNX model, with inputs `in0…` and outputs `out0…`.
 *
 * @throws InputError if a value has an extent of 0.
 */
export function lowerProgram(program: Program, options: LoweringOptions = {}): OnnxGraph {
  refuseEmpty(program)
  const { deviceRules = {}, channelBlock = null } = options
  const rules = { ...loweringRules, ...deviceRules }
  const graph = new OnnxGraph()
  const context = {
    sharedPatches: findSharedPatches(program),
    blocked: channelBlock === null ? null : new BlockedConvolutions(channelBlock, program),
  }
  const environment = new Map<Variable, Lowered>()
  program.inputs.forEach((variable, i) => {
    const { dtype, shape } = variable.type
    environment.set(variable, { name: graph.input(`in${i}`, dtype, shape), actual: shape })
  })
  for (const equation of program.equations) {
    const values = equation.inputs.map((input) => environment.get(input)!)
    environment.set(equation.output, lowerEquation(graph, rules, values, { ...context, equation }))
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
  values: readonly Lowered[],
  context: LoweringContext,
): Lowered {
  const { equation } = context
  // The rule and the params belong to one primitive; TypeScript cannot see it through the union.
  const rule = rules[equation.primitive] as LowerRule<Primitive>
  return rule(
    graph,
    values,
    equation.params,
    equation.output.type,
    equation.inputs.map((input) => input.type),
    context,
  )
}
