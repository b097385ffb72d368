import type { Dtype } from '#tensor/dense'

type None = Readonly<Record<string, never>>

/** Dimension numbers of a contraction, as in XLA's dot_general. */
export interface DotParams {
  /** Dimensions of the left factor summed over, paired with `rhsContract`. */
  readonly lhsContract: readonly number[]
  readonly rhsContract: readonly number[]
  /** Dimensions kept in common; they lead the result. */
  readonly lhsBatch: readonly number[]
  readonly rhsBatch: readonly number[]
}

/**
 * Dimension numbers and window of a convolution.
 *
 * Every value has three named dimensions and s spatial ones, in any order. The axes list where the roles lie:
 * `[group, batch, feature, …spatial]` in lhs, `[group, out, feature, …spatial]` in rhs and
 * `[group, batch, out, …spatial]` in the result. Since the derivatives only exchange roles, the primitive is closed
 * under transposition.
 *
 *   out[g, b, o, j] = Σ_{f, t} lhs°[g, b, f, j·stride + t·kernelDilation − low] · rhs[g, o, f, t]
 *
 * where lhs° is lhs with `inputDilation − 1` zeros between its entries and zeros outside.
 */
export interface ConvParams {
  readonly lhsAxes: readonly number[]
  readonly rhsAxes: readonly number[]
  readonly outAxes: readonly number[]
  readonly strides: readonly number[]
  /** Padding before and after each spatial dimension of lhs°; a negative one crops. */
  readonly low: readonly number[]
  readonly high: readonly number[]
  readonly inputDilation: readonly number[]
  readonly kernelDilation: readonly number[]
}

/**
 * The closed list of primitives with the static parameters of each.
 *
 * Binary elementwise primitives want equal shapes: broadcasting is always an equation of its own.
 */
export interface PrimitiveParams {
  /** A tensor filled with one number. */
  constant: { readonly value: number; readonly shape: readonly number[]; readonly dtype: Dtype }
  /** Each entry is its index along an axis. */
  iota: { readonly shape: readonly number[]; readonly axis: number; readonly dtype: Dtype }

  neg: None
  abs: None
  sign: None
  exp: None
  log: None
  sqrt: None
  sin: None
  cos: None
  erf: None
  /** The n-th derivative of the function, n = `order`, evaluated elementwise; so for the next four. */
  tanh: { readonly order: number }
  logistic: { readonly order: number }
  softplus: { readonly order: number }
  gelu: { readonly order: number }
  /** max(x, 0); its derivative at 0 is taken as 0. */
  relu: { readonly order: number }

  add: None
  sub: None
  mul: None
  div: None
  maximum: None
  minimum: None
  /** x^exponent for an integer exponent. */
  integerPower: { readonly exponent: number }
  /** Both give bool. */
  greater: None
  equal: None
  /** where(predicate, a, b). */
  select: None
  cast: { readonly dtype: Dtype }
  /** The identity, with derivative zero. */
  stopGradient: None

  reshape: { readonly shape: readonly number[] }
  /** Result dimension i is input dimension `permutation[i]`. */
  transpose: { readonly permutation: readonly number[] }
  /** Input dimension i becomes result dimension `axes[i]`, ascending; the others repeat. */
  broadcast: { readonly shape: readonly number[]; readonly axes: readonly number[] }
  slice: { readonly starts: readonly number[]; readonly limits: readonly number[] }
  /** Zeros before and after, per dimension. */
  pad: { readonly low: readonly number[]; readonly high: readonly number[] }
  concatenate: { readonly axis: number }
  reverse: { readonly axes: readonly number[] }

  /** Removes the dimensions it reduces. */
  reduceSum: { readonly axes: readonly number[] }
  reduceMax: { readonly axes: readonly number[] }
  /** First index of the largest entry along an axis, as int32. */
  argmax: { readonly axis: number }
  /** Along the last dimension. */
  softmax: None
  /** log Σ exp along the last dimension, which it removes. */
  logSumExp: None
  /** (x − mean) / √(biased variance + ε) over the last `dimensions` dimensions. */
  standardize: { readonly epsilon: number; readonly dimensions: number }
  /** 1/√(biased variance + ε) over the last `dimensions` dimensions, which it removes. */
  inverseDeviation: { readonly epsilon: number; readonly dimensions: number }

  /** Contraction; result dimensions are batch, left free, right free. */
  dot: DotParams
  conv: ConvParams

  /** Operand and int32 indices: dimension `axis` of the operand is replaced by the dimensions of the indices. */
  gather: { readonly axis: number }
  /**
   * Updates and int32 indices: the dimensions of the updates that are the indices', from `axis` on, become one of
   * `extent`, where entries of equal index add up. The transpose of gather.
   */
  scatterAdd: { readonly axis: number; readonly extent: number }
}

/** Name of a primitive. */
export type Primitive = keyof PrimitiveParams

/** Primitives that act entry by entry on one value of any shape. */
export const unaryPrimitives = [
  'neg',
  'abs',
  'sign',
  'exp',
  'log',
  'sqrt',
  'sin',
  'cos',
  'erf',
  'tanh',
  'logistic',
  'softplus',
  'gelu',
  'relu',
  'integerPower',
  'cast',
  'stopGradient',
] as const satisfies readonly Primitive[]

/** Primitives that act entry by entry on two values of one shape. */
export const binaryPrimitives = [
  'add',
  'sub',
  'mul',
  'div',
  'maximum',
  'minimum',
  'greater',
  'equal',
] as const satisfies readonly Primitive[]

const elementwise = new Set<Primitive>([...unaryPrimitives, ...binaryPrimitives, 'select'])

/** Whether a primitive acts entry by entry. */
export const isElementwise = (primitive: Primitive): boolean => elementwise.has(primitive)

/** Free dimensions of one factor of a contraction, ascending. */
export function freeAxes(
  rank: number,
  contract: readonly number[],
  batch: readonly number[],
): number[] {
  return Array.from({ length: rank }, (_, axis) => axis).filter(
    (axis) => !contract.includes(axis) && !batch.includes(axis),
  )
}
