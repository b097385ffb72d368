export { createBatchCursor, epochOrder, type BatchCursor } from './batches.ts'
export { parseCsv, type NumberTable } from './csv.ts'
export { summarizeSamples, type DataSummary } from './data-card.ts'
export { parseIdx } from './idx.ts'
export { loadArray, loadArrays, takeArray } from './load-arrays.ts'
export { loadDigits } from './load-digits.ts'
export { loadMnist } from './load-mnist.ts'
export { loadSamplesFile, type LoadSamplesOptions, type SamplesTask } from './load-samples-file.ts'
export { loadText, type TextOptions, type TextPart } from './load-text.ts'
export {
  checkFinite,
  type ArrayData,
  type ArrayDtype,
  type NamedArray,
  type NamedArrays,
} from './named-array.ts'
export { encodeNpy, parseNpy } from './npy.ts'
export { encodeNpz, parseNpz } from './npz.ts'
export { readBytes, readInflated } from './read-file.ts'
export { encodeSafetensors, parseSafetensors } from './safetensors.ts'
export { sampleGaussianMixture, type GaussianMixtureOptions } from './sample-gaussian-mixture.ts'
export {
  sampleTeacherStudent,
  type TeacherActivation,
  type TeacherStudentOptions,
} from './sample-teacher-student.ts'
export {
  classCounts,
  gatherRows,
  selectRows,
  splitSamples,
  type Samples,
  type SplitSamples,
} from './samples.ts'
export { standardize } from './standardize.ts'
