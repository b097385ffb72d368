export {
  createCurvatureOperator,
  type CurvatureOperator,
  type CurvatureOptions,
} from './curvature-operator.ts'
export { denseMatrix, largestDense, type DenseMatrix } from './dense-matrix.ts'
export { sumGradients } from './gradient.ts'
export { createGramOperator, type GramOptions } from './gram-operator.ts'
export { createHessianOperator, type HessianOptions } from './hessian.ts'
export { forecastProductMemory, type ProductMemory } from './memory-forecast.ts'
export { createNativeSpace, type NativeSpace, type NativeSpaceOptions } from './native-space.ts'
export { lessOuterProduct } from './outer-product.ts'
export type { CurvatureSetting } from './placed-inputs.ts'
export {
  factoredProduct,
  hessianProduct,
  residualLoss,
  type FactoredMatrix,
  type ProductOf,
} from './product-programs.ts'
export { selectTensors, type TensorSelection } from './select-tensors.ts'
