export { sumGradients } from './gradient.ts'
export { createHessianOperator, type HessianOperator, type HessianOptions } from './hessian.ts'
export { createNativeSpace, type NativeSpace, type NativeSpaceOptions } from './native-space.ts'
