export {
  dilatedExtent,
  extentsAt,
  spatialOf,
  transposedInLhs,
  transposedInRhs,
} from './convolution.ts'
export { countOperations, operationsOf } from './count-operations.ts'
export * from './operations.ts'
export { printProgram } from './print.ts'
export {
  binaryPrimitives,
  freeAxes,
  isElementwise,
  unaryPrimitives,
  type ConvParams,
  type DotParams,
  type Primitive,
  type PrimitiveParams,
} from './primitives.ts'
export { shapeRules } from './shape-rules.ts'
export { pruneProgram, simplifyProgram, type SimplifyOptions } from './simplify.ts'
export { Graph, inlineProgram, reemit, traceProgram, Tracer } from './tracer.ts'
export { typecheckProgram } from './typecheck.ts'
export {
  formatType,
  isFloat,
  type Equation,
  type EquationOf,
  type Program,
  type ValueType,
  type Variable,
} from './types.ts'
