import { formatShape, type Dtype } from '#tensor/dense'
import type { Primitive, PrimitiveParams } from './primitives.ts'

/** Number type and static shape of a value. */
export interface ValueType {
  readonly dtype: Dtype
  readonly shape: readonly number[]
}

/** A value that is assigned once; compared by identity. */
export interface Variable {
  readonly type: ValueType
}

/** One application of a primitive. */
export interface EquationOf<P extends Primitive> {
  readonly primitive: P
  readonly inputs: readonly Variable[]
  readonly params: PrimitiveParams[P]
  readonly output: Variable
}

/** One application of some primitive. */
export type Equation = { [P in Primitive]: EquationOf<P> }[Primitive]

/** A pure function of arrays with static shapes, as a list of equations in order of evaluation. */
export interface Program {
  readonly name: string
  readonly inputs: readonly Variable[]
  readonly equations: readonly Equation[]
  readonly outputs: readonly Variable[]
}

const shortNames: Record<Dtype, string> = {
  float32: 'f32',
  float64: 'f64',
  int32: 'i32',
  bool: 'bool',
}

/** A type as printed: `f32[2, 3]`. */
export const formatType = (type: ValueType): string =>
  `${shortNames[type.dtype]}${formatShape(type.shape)}`

/** Whether a number type is a floating-point one. */
export const isFloat = (dtype: Dtype): boolean => dtype === 'float32' || dtype === 'float64'
