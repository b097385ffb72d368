import { InputError, ShapeError } from '#base'
import { formatShape, sameShape, sizeOf } from '#tensor/dense'
import { inferConv } from './convolution.ts'
import { freeAxes, type Primitive, type PrimitiveParams } from './primitives.ts'
import { formatType, isFloat, type ValueType } from './types.ts'

/** Type of the result of a primitive from the types of its inputs; throws if they do not fit. */
type ShapeRule<P extends Primitive> = (
  inputs: readonly ValueType[],
  params: PrimitiveParams[P],
) => ValueType

function operand(primitive: string, inputs: readonly ValueType[], index: number): ValueType {
  const type = inputs[index]
  if (type === undefined) {
    throw new InputError(primitive, `${primitive} wants more than ${inputs.length} inputs`)
  }
  return type
}

function floatUnary(primitive: string) {
  return (inputs: readonly ValueType[]): ValueType => {
    const type = operand(primitive, inputs, 0)
    if (!isFloat(type.dtype)) {
      throw new InputError(primitive, `${primitive} wants a float, got ${formatType(type)}`)
    }
    return type
  }
}

function derivativeUnary(primitive: string) {
  const check = floatUnary(primitive)
  return (inputs: readonly ValueType[], { order }: { readonly order: number }): ValueType => {
    if (!Number.isInteger(order) || order < 0) {
      throw new InputError(primitive, `order must be 0 or more, got ${order}`)
    }
    return check(inputs)
  }
}

function binary(primitive: string, result: 'same' | 'bool') {
  return (inputs: readonly ValueType[]): ValueType => {
    const a = operand(primitive, inputs, 0)
    const b = operand(primitive, inputs, 1)
    if (a.dtype !== b.dtype || !sameShape(a.shape, b.shape)) {
      throw new InputError(
        primitive,
        `${primitive} wants two equal types, got ${formatType(a)} and ${formatType(b)}`,
      )
    }
    return result === 'bool' ? { dtype: 'bool', shape: a.shape } : a
  }
}

function checkAxes(primitive: string, axes: readonly number[], rank: number): void {
  const wrong = axes.find((axis) => !Number.isInteger(axis) || axis < 0 || axis >= rank)
  if (wrong !== undefined || new Set(axes).size !== axes.length) {
    throw new InputError(
      primitive,
      `${primitive} axes must be distinct and in 0…${rank - 1}, got ${formatShape(axes)}`,
    )
  }
}

function reduction(primitive: string) {
  return (inputs: readonly ValueType[], { axes }: { readonly axes: readonly number[] }) => {
    const type = operand(primitive, inputs, 0)
    checkAxes(primitive, axes, type.shape.length)
    return { dtype: type.dtype, shape: type.shape.filter((_, axis) => !axes.includes(axis)) }
  }
}

function lastAxis(primitive: string, inputs: readonly ValueType[]): ValueType {
  const type = floatUnary(primitive)(inputs)
  if (type.shape.length === 0) throw new ShapeError(primitive, 'of rank 1 or more', type.shape)
  return type
}

function trailing(primitive: string, inputs: readonly ValueType[], dimensions: number): ValueType {
  const type = lastAxis(primitive, inputs)
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > type.shape.length) {
    throw new InputError(
      primitive,
      `${primitive} wants 1 to ${type.shape.length} dimensions, got ${dimensions}`,
    )
  }
  return type
}

/** Shape of the indices, the second input. */
function indexOperand(primitive: string, inputs: readonly ValueType[]): readonly number[] {
  const type = operand(primitive, inputs, 1)
  if (type.dtype !== 'int32') {
    throw new InputError(primitive, `${primitive} wants int32 indices, got ${formatType(type)}`)
  }
  return type.shape
}

/** The rule of each primitive; total by type, so a new primitive without one does not compile. */
export const shapeRules: { readonly [P in Primitive]: ShapeRule<P> } = {
  constant: (_inputs, { shape, dtype }) => ({ dtype, shape }),
  iota: (_inputs, { shape, axis, dtype }) => {
    checkAxes('iota', [axis], shape.length)
    return { dtype, shape }
  },
  neg: floatUnary('neg'),
  abs: floatUnary('abs'),
  sign: floatUnary('sign'),
  exp: floatUnary('exp'),
  log: floatUnary('log'),
  sqrt: floatUnary('sqrt'),
  sin: floatUnary('sin'),
  cos: floatUnary('cos'),
  erf: floatUnary('erf'),
  tanh: derivativeUnary('tanh'),
  logistic: derivativeUnary('logistic'),
  softplus: derivativeUnary('softplus'),
  gelu: derivativeUnary('gelu'),
  relu: derivativeUnary('relu'),
  add: binary('add', 'same'),
  sub: binary('sub', 'same'),
  mul: binary('mul', 'same'),
  div: binary('div', 'same'),
  maximum: binary('maximum', 'same'),
  minimum: binary('minimum', 'same'),
  integerPower: (inputs, { exponent }) => {
    if (!Number.isInteger(exponent)) {
      throw new InputError('integerPower', `exponent must be an integer, got ${exponent}`)
    }
    return floatUnary('integerPower')(inputs)
  },
  greater: binary('greater', 'bool'),
  equal: binary('equal', 'bool'),
  select: (inputs) => {
    const predicate = operand('select', inputs, 0)
    const type = binary('select', 'same')(inputs.slice(1))
    if (predicate.dtype !== 'bool' || !sameShape(predicate.shape, type.shape)) {
      throw new InputError(
        'select',
        `select wants a bool${formatShape(type.shape)} first, got ${formatType(predicate)}`,
      )
    }
    return type
  },
  cast: (inputs, { dtype }) => ({ dtype, shape: operand('cast', inputs, 0).shape }),
  stopGradient: (inputs) => operand('stopGradient', inputs, 0),
  reshape: (inputs, { shape }) => {
    const type = operand('reshape', inputs, 0)
    if (sizeOf(shape) !== sizeOf(type.shape)) {
      throw new ShapeError('reshape target', `of ${sizeOf(type.shape)} entries`, shape)
    }
    return { dtype: type.dtype, shape }
  },
  transpose: (inputs, { permutation }) => {
    const type = operand('transpose', inputs, 0)
    checkAxes('transpose', permutation, type.shape.length)
    if (permutation.length !== type.shape.length) {
      throw new ShapeError('permutation', `of ${type.shape.length} entries`, permutation)
    }
    return { dtype: type.dtype, shape: permutation.map((axis) => type.shape[axis]!) }
  },
  broadcast: (inputs, { shape, axes }) => {
    const type = operand('broadcast', inputs, 0)
    checkAxes('broadcast', axes, shape.length)
    const fits = axes.every(
      (axis, i) => shape[axis] === type.shape[i] && (i === 0 || axes[i - 1]! < axis),
    )
    if (axes.length !== type.shape.length || !fits) {
      throw new InputError(
        'broadcast',
        `broadcast cannot map ${formatType(type)} to ${formatShape(shape)} by axes ${formatShape(axes)}`,
      )
    }
    return { dtype: type.dtype, shape }
  },
  slice: (inputs, { starts, limits }) => {
    const type = operand('slice', inputs, 0)
    const fits =
      starts.length === type.shape.length &&
      limits.length === type.shape.length &&
      type.shape.every(
        (extent, i) => starts[i]! >= 0 && starts[i]! <= limits[i]! && limits[i]! <= extent,
      )
    if (!fits) {
      throw new InputError(
        'slice',
        `slice of ${formatType(type)} cannot run from ${formatShape(starts)} to ${formatShape(limits)}`,
      )
    }
    return { dtype: type.dtype, shape: limits.map((limit, i) => limit - starts[i]!) }
  },
  pad: (inputs, { low, high }) => {
    const type = operand('pad', inputs, 0)
    if (low.length !== type.shape.length || high.length !== type.shape.length) {
      throw new InputError('pad', `pad wants ${type.shape.length} widths on each side`)
    }
    return { dtype: type.dtype, shape: type.shape.map((extent, i) => low[i]! + extent + high[i]!) }
  },
  concatenate: (inputs, { axis }) => {
    const first = operand('concatenate', inputs, 0)
    checkAxes('concatenate', [axis], first.shape.length)
    const fits = inputs.every(
      (type) =>
        type.dtype === first.dtype &&
        type.shape.length === first.shape.length &&
        type.shape.every((extent, i) => i === axis || extent === first.shape[i]),
    )
    if (!fits) {
      throw new InputError(
        'concatenate',
        `concatenate along ${axis} cannot join ${inputs.map(formatType).join(', ')}`,
      )
    }
    const total = inputs.reduce((sum, type) => sum + type.shape[axis]!, 0)
    return { dtype: first.dtype, shape: first.shape.map((e, i) => (i === axis ? total : e)) }
  },
  reverse: (inputs, { axes }) => {
    const type = operand('reverse', inputs, 0)
    checkAxes('reverse', axes, type.shape.length)
    return type
  },
  reduceSum: reduction('reduceSum'),
  reduceMax: reduction('reduceMax'),
  argmax: (inputs, { axis }) => ({
    dtype: 'int32',
    shape: reduction('argmax')(inputs, { axes: [axis] }).shape,
  }),
  softmax: (inputs) => lastAxis('softmax', inputs),
  logSumExp: (inputs) => {
    const type = lastAxis('logSumExp', inputs)
    return { dtype: type.dtype, shape: type.shape.slice(0, -1) }
  },
  standardize: (inputs, { dimensions }) => trailing('standardize', inputs, dimensions),
  inverseDeviation: (inputs, { dimensions }) => {
    const type = trailing('inverseDeviation', inputs, dimensions)
    return { dtype: type.dtype, shape: type.shape.slice(0, -dimensions) }
  },
  dot: (inputs, { lhsContract, rhsContract, lhsBatch, rhsBatch }) => {
    const lhs = operand('dot', inputs, 0)
    const rhs = operand('dot', inputs, 1)
    checkAxes('dot', [...lhsContract, ...lhsBatch], lhs.shape.length)
    checkAxes('dot', [...rhsContract, ...rhsBatch], rhs.shape.length)
    const pairs = [...lhsContract, ...lhsBatch].map(
      (axis, i) => [lhs.shape[axis], rhs.shape[[...rhsContract, ...rhsBatch][i] ?? -1]] as const,
    )
    const fits =
      lhs.dtype === rhs.dtype &&
      isFloat(lhs.dtype) &&
      lhsContract.length === rhsContract.length &&
      lhsBatch.length === rhsBatch.length &&
      pairs.every(([a, b]) => a === b)
    if (!fits) {
      throw new InputError(
        'dot',
        `dot cannot contract ${formatType(lhs)} over ${formatShape(lhsContract)} with ${formatType(rhs)} over ${formatShape(rhsContract)}`,
      )
    }
    return {
      dtype: lhs.dtype,
      shape: [
        ...lhsBatch.map((axis) => lhs.shape[axis]!),
        ...freeAxes(lhs.shape.length, lhsContract, lhsBatch).map((axis) => lhs.shape[axis]!),
        ...freeAxes(rhs.shape.length, rhsContract, rhsBatch).map((axis) => rhs.shape[axis]!),
      ],
    }
  },
  conv: (inputs, params) =>
    inferConv(operand('conv', inputs, 0), operand('conv', inputs, 1), params),
  gather: (inputs, { axis }) => {
    const type = operand('gather', inputs, 0)
    const indices = indexOperand('gather', inputs)
    checkAxes('gather', [axis], type.shape.length)
    return { dtype: type.dtype, shape: type.shape.toSpliced(axis, 1, ...indices) }
  },
  scatterAdd: (inputs, { axis, extent }) => {
    const type = operand('scatterAdd', inputs, 0)
    const indices = indexOperand('scatterAdd', inputs)
    if (!sameShape(type.shape.slice(axis, axis + indices.length), indices)) {
      throw new InputError(
        'scatterAdd',
        `scatterAdd wants updates whose dimensions from ${axis} on are ${formatShape(indices)}, got ${formatType(type)}`,
      )
    }
    return { dtype: type.dtype, shape: type.shape.toSpliced(axis, indices.length, extent) }
  },
}

/** Type of the result of a primitive; the rule tables are indexed here so that callers need no cast. */
export function inferType<P extends Primitive>(
  primitive: P,
  inputs: readonly ValueType[],
  params: PrimitiveParams[P],
): ValueType {
  return shapeRules[primitive](inputs, params)
}
