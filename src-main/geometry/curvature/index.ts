export { sumGradients } from './gradient.ts'
export { createHessianOperator, type HessianOperator, type HessianOptions } from './hessian.ts'
export { forecastProductMemory, type ProductMemory } from './memory-forecast.ts'
export { createNativeSpace, type NativeSpace, type NativeSpaceOptions } from './native-space.ts'
