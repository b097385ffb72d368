export { allocateTensor, bytesOf } from './allocate-tensor.ts'
export { deviceProblem, surveyDevices, type SurveyOptions } from './device-survey.ts'
export { chooseDevice, knownDevices, type DeviceChoice, type DeviceFinding } from './devices.ts'
export { hostData, HostTensor } from './host-tensor.ts'
export { loweringRules, lowerProgram } from './lowering.ts'
export { availableMemory, engineBytes, formatBytes } from './memory-budget.ts'
export {
  FilePanels,
  freeScratch,
  MemoryPanels,
  scratchFolder,
  type PanelStorage,
} from './memory-panels.ts'
export { planProgram, type ProgramMemory } from './memory-plan.ts'
export {
  compileProgram,
  createOnnxRuntime,
  onnxRuntime,
  type OnnxRuntime,
  type OnnxRuntimeOptions,
} from './onnx-runtime.ts'
export { interpretProgram, referenceRules } from './reference.ts'
export type {
  BlockAlgebra,
  CompileOptions,
  Executable,
  ResidentTensor,
  Runtime,
  TensorInput,
} from './runtime.ts'
export { describeRuntime, type OnnxDevice, type SessionOptions } from './session.ts'
export { uploadBatches } from './upload-batches.ts'
export { geluPolynomial, logisticPolynomial, tanhPolynomial } from './scalar-functions.ts'
