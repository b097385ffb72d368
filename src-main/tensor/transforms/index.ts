export { batch, batchRules } from './batch.ts'
export { gradient, hvp } from './hvp.ts'
export { jvp, jvpRules } from './jvp.ts'
export { valueAndGradient, vjp, vjpRules } from './vjp.ts'
