export { readArrays, readVector } from './array-files.ts'
export { createBatchCursor, type BatchCursor } from './batch-cursor.ts'
export { parseCsv } from './csv.ts'
export { parseIdx } from './idx.ts'
export type { ArrayDtype, NamedArray } from './named-array.ts'
export { formatNpy, parseNpy } from './npy.ts'
export { formatNpz, parseNpz } from './npz.ts'
export { formatSafetensors, parseSafetensors, type Safetensors } from './safetensors.ts'
export { loadSamplesFile, type Task } from './samples-file.ts'
export {
  countClasses,
  gatherRows,
  measureScale,
  selectRows,
  splitSamples,
  standardizeFeatures,
  type FeatureScale,
  type Samples,
} from './samples.ts'
export { loadDigits, loadMnist, loadText } from './shipped.ts'
export {
  sampleGaussianMixture,
  sampleTeacherStudent,
  type GaussianMixtureOptions,
  type TeacherStudentOptions,
} from './synthetic.ts'
