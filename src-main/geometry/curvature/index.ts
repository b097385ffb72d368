export { sumGradients } from './gradient.ts'
export { createHessianOperator, type HessianOperator, type HessianOptions } from './hessian.ts'
export { createNativeSpace, type NativeSpace } from './native-space.ts'
