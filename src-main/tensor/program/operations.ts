import { InputError } from '#base'
import { formatShape, sameShape, sizeOf, type Dtype } from '#tensor/dense'
import type { ConvParams, DotParams } from './primitives.ts'
import type { Tracer } from './tracer.ts'

/** A traced value, or a number that stands for a tensor filled with it. */
export type Operand = Tracer | number

/** A tensor filled with one number, in the graph and number type of `like`. */
export function constantLike(
  like: Tracer,
  value: number,
  shape: readonly number[] = like.shape,
): Tracer {
  return like.graph.emit('constant', [], { value, shape, dtype: like.type.dtype })
}

function broadcastShapes(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i) => {
    const left = a[i - rank + a.length] ?? 1
    const right = b[i - rank + b.length] ?? 1
    if (left !== right && left !== 1 && right !== 1) {
      throw new InputError('shapes', `cannot combine ${formatShape(a)} with ${formatShape(b)}`)
    }
    return left === 1 ? right : left
  })
}

/** Repeats a value to a shape by NumPy's rule: trailing dimensions align, extents of 1 repeat. */
export function broadcastTo(value: Tracer, shape: readonly number[]): Tracer {
  if (sameShape(value.shape, shape)) return value
  const offset = shape.length - value.shape.length
  // Dimensions of extent 1 that must repeat are dropped first: the primitive wants equal extents.
  const kept = value.shape.flatMap((extent, i) => (extent === shape[i + offset] ? [i] : []))
  const squeezed = reshape(
    value,
    kept.map((i) => value.shape[i]!),
  )
  return value.graph.emit('broadcast', [squeezed], { shape, axes: kept.map((i) => i + offset) })
}

function lift(a: Operand, b: Operand): [Tracer, Tracer] {
  if (typeof a === 'number') {
    if (typeof b === 'number') throw new InputError('operands', 'one operand must be traced')
    return [constantLike(b, a), b]
  }
  if (typeof b === 'number') return [a, constantLike(a, b)]
  const shape = broadcastShapes(a.shape, b.shape)
  return [broadcastTo(a, shape), broadcastTo(b, shape)]
}

type PlainBinary = 'add' | 'sub' | 'mul' | 'div' | 'maximum' | 'minimum' | 'greater' | 'equal'
type PlainUnary = 'neg' | 'abs' | 'sign' | 'exp' | 'log' | 'sqrt' | 'sin' | 'cos' | 'erf'
type Nonlinearity = 'tanh' | 'logistic' | 'softplus' | 'gelu' | 'relu'

const binary =
  (primitive: PlainBinary) =>
  (a: Operand, b: Operand): Tracer => {
    const [left, right] = lift(a, b)
    return left.graph.emit(primitive, [left, right], {})
  }
const unary =
  (primitive: PlainUnary) =>
  (x: Tracer): Tracer =>
    x.graph.emit(primitive, [x], {})
const nonlinearity =
  (primitive: Nonlinearity) =>
  (x: Tracer, order = 0): Tracer =>
    x.graph.emit(primitive, [x], { order })

export const add = binary('add')
export const sub = binary('sub')
export const mul = binary('mul')
export const div = binary('div')
export const maximum = binary('maximum')
export const minimum = binary('minimum')
export const greater = binary('greater')
export const equal = binary('equal')

export const neg = unary('neg')
export const abs = unary('abs')
export const sign = unary('sign')
export const exp = unary('exp')
export const log = unary('log')
export const sqrt = unary('sqrt')
export const sin = unary('sin')
export const cos = unary('cos')
export const erf = unary('erf')

/** Nonlinearities; the second argument is the order of the derivative to evaluate. */
export const tanh = nonlinearity('tanh')
export const logistic = nonlinearity('logistic')
export const softplus = nonlinearity('softplus')
export const gelu = nonlinearity('gelu')
export const relu = nonlinearity('relu')

/** x^exponent for an integer exponent. */
export const integerPower = (x: Tracer, exponent: number): Tracer =>
  x.graph.emit('integerPower', [x], { exponent })

/** where(predicate, a, b), entry by entry. */
export function select(predicate: Tracer, a: Operand, b: Operand): Tracer {
  const [left, right] = lift(a, b)
  return left.graph.emit('select', [broadcastTo(predicate, left.shape), left, right], {})
}

/** The same numbers in another number type. */
export const cast = (x: Tracer, dtype: Dtype): Tracer =>
  x.type.dtype === dtype ? x : x.graph.emit('cast', [x], { dtype })

/** The identity, with derivative zero. */
export const stopGradient = (x: Tracer): Tracer => x.graph.emit('stopGradient', [x], {})

/** The same entries, in order, under another shape. */
export const reshape = (x: Tracer, shape: readonly number[]): Tracer =>
  sameShape(x.shape, shape) ? x : x.graph.emit('reshape', [x], { shape })

/** Result dimension i is input dimension `permutation[i]`. */
export const transpose = (x: Tracer, permutation: readonly number[]): Tracer =>
  permutation.every((axis, i) => axis === i) ? x : x.graph.emit('transpose', [x], { permutation })

/** Input dimension i becomes result dimension `axes[i]`; the others repeat. */
export const broadcastInto = (
  x: Tracer,
  shape: readonly number[],
  axes: readonly number[],
): Tracer => (sameShape(x.shape, shape) ? x : x.graph.emit('broadcast', [x], { shape, axes }))

/** Entries from `starts` (inclusive) to `limits` (exclusive). */
export const slice = (x: Tracer, starts: readonly number[], limits: readonly number[]): Tracer =>
  x.graph.emit('slice', [x], { starts, limits })

/** Zeros around. */
export const pad = (x: Tracer, low: readonly number[], high: readonly number[]): Tracer =>
  x.graph.emit('pad', [x], { low, high })

/** Joins along an axis. */
export function concatenate(parts: readonly Tracer[], axis: number): Tracer {
  const first = parts[0]
  if (first === undefined) throw new InputError('concatenate', 'concatenate wants 1 part or more')
  return first.graph.emit('concatenate', parts, { axis })
}

/** Reversed order along axes. */
export function reverse(x: Tracer, axes: readonly number[]): Tracer {
  const turned = axes.filter((axis) => x.shape[axis] !== 1)
  return turned.length === 0 ? x : x.graph.emit('reverse', [x], { axes: turned })
}

const allAxes = (x: Tracer): number[] => x.shape.map((_, axis) => axis)

function reduce(primitive: 'reduceSum' | 'reduceMax') {
  return (x: Tracer, axes: readonly number[] = allAxes(x)): Tracer =>
    axes.length === 0 ? x : x.graph.emit(primitive, [x], { axes })
}

/** Sum over axes (all by default). */
export const reduceSum = reduce('reduceSum')
/** Largest entry over axes (all by default). */
export const reduceMax = reduce('reduceMax')

/** Mean over axes (all by default). */
export const reduceMean = (x: Tracer, axes: readonly number[] = allAxes(x)): Tracer =>
  mul(reduceSum(x, axes), 1 / sizeOf(axes.map((axis) => x.shape[axis] ?? 1)))

/** First index of the largest entry along an axis. */
export const argmax = (x: Tracer, axis: number): Tracer => x.graph.emit('argmax', [x], { axis })

/** exp(x) / Σ exp(x) along the last dimension. */
export const softmax = (x: Tracer): Tracer => x.graph.emit('softmax', [x], {})

/** log Σ exp(x) along the last dimension, stably. */
export const logSumExp = (x: Tracer): Tracer => x.graph.emit('logSumExp', [x], {})

/** (x − mean) / √(biased variance + epsilon) over the last dimensions. */
export const standardize = (x: Tracer, epsilon: number, dimensions = 1): Tracer =>
  x.graph.emit('standardize', [x], { epsilon, dimensions })

/** 1/√(biased variance + epsilon) over the last dimensions, which it removes. */
export const inverseDeviation = (x: Tracer, epsilon: number, dimensions = 1): Tracer =>
  x.graph.emit('inverseDeviation', [x], { epsilon, dimensions })

/** int32 entries that are their own index along an axis, in the graph of `like`. */
export const iota = (like: Tracer, shape: readonly number[], axis: number): Tracer =>
  like.graph.emit('iota', [], { shape, axis, dtype: 'int32' })

/** Takes slices of x along an axis by int32 indices, each in 0…extent−1. */
export const gather = (x: Tracer, indices: Tracer, axis = 0): Tracer =>
  x.graph.emit('gather', [x, indices], { axis })

/** Adds up slices by int32 indices, each in 0…extent−1: the transpose of {@link gather}. */
export const scatterAdd = (
  updates: Tracer,
  indices: Tracer,
  axis: number,
  extent: number,
): Tracer => updates.graph.emit('scatterAdd', [updates, indices], { axis, extent })

/** Convolution by dimension numbers. */
export const conv = (lhs: Tracer, rhs: Tracer, params: ConvParams): Tracer =>
  lhs.graph.emit('conv', [lhs, rhs], params)

/** Window of a two-dimensional convolution, in rows and columns. */
export interface Window2d {
  readonly stride?: readonly [number, number]
  /** Zeros on both sides. */
  readonly padding?: readonly [number, number]
  readonly dilation?: readonly [number, number]
  readonly groups?: number
}

/**
 * Cross-correlation as PyTorch's conv2d: x `[N, C, H, W]`, weight `[O, C/groups, kh, kw]` → `[N, O, H′, W′]`.
 *
 * @throws InputError if the channels do not divide into the groups or the window does not fit.
 */
export function conv2d(x: Tracer, weight: Tracer, window: Window2d = {}): Tracer {
  const { stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1 } = window
  const [batch, channels, ...input] = x.shape
  const [out, features, ...kernel] = weight.shape
  if (
    input.length !== 2 ||
    kernel.length !== 2 ||
    channels !== features! * groups ||
    out! % groups
  ) {
    throw new InputError(
      'conv2d',
      `conv2d wants [N, C, H, W] and [O, C/${groups}, kh, kw], got ${formatShape(x.shape)} and ${formatShape(weight.shape)}`,
    )
  }
  const result = conv(
    reshape(x, [batch!, groups, features!, ...input]),
    reshape(weight, [groups, out! / groups, features!, ...kernel]),
    {
      lhsAxes: [1, 0, 2, 3, 4],
      rhsAxes: [0, 1, 2, 3, 4],
      outAxes: [1, 0, 2, 3, 4],
      strides: stride,
      low: padding,
      high: padding,
      inputDilation: [1, 1],
      kernelDilation: dilation,
    },
  )
  return reshape(result, [batch!, out!, ...result.shape.slice(3)])
}

/** Contraction by dimension numbers. */
export const dot = (lhs: Tracer, rhs: Tracer, params: DotParams): Tracer =>
  lhs.graph.emit('dot', [lhs, rhs], params)

/** Matrix product x·y of `[m, k]` and `[k, n]`. */
export const matmul = (x: Tracer, y: Tracer): Tracer =>
  dot(x, y, { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] })

/** Matrix product x·yᵀ of `[m, k]` and `[n, k]`. */
export const matmulTransposed = (x: Tracer, y: Tracer): Tracer =>
  dot(x, y, { lhsContract: [1], rhsContract: [1], lhsBatch: [], rhsBatch: [] })
