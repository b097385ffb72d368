export { countingOperator, denseOperator } from './dense-operator.ts'
export { float64Space } from './float64-space.ts'
export type { LinearOperator } from './operator.ts'
export type { Vector, VectorSpace } from './vector-space.ts'
