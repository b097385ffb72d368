export type { TensorflowBackend } from './backend.ts'
export { tensorflowRules } from './rules.ts'
export { createTensorflowRuntime, loadTensorflow } from './tensorflow-runtime.ts'
