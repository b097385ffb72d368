export type { LinearOperator } from './operator.ts'
export type { Vector, VectorSpace } from './vector-space.ts'
