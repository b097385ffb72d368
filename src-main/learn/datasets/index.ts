export { createBatchCursor, epochOrder, type BatchCursor } from './batches.ts'
export { parseCsv } from './csv.ts'
export { summarizeSamples } from './data-card.ts'
export { parseIdx } from './idx.ts'
export { loadArray, loadArrays } from './load-arrays.ts'
export { loadDigits } from './load-digits.ts'
export { loadMnist } from './load-mnist.ts'
export { loadSamplesFile, loadSamplesFileParts } from './load-samples-file.ts'
export type { ArrayData, NamedArray } from './named-array.ts'
export { encodeNpy, parseNpy } from './npy.ts'
export { encodeNpz, parseNpz } from './npz.ts'
export { readBytes, readInflated } from './read-file.ts'
export { encodeSafetensors, parseSafetensors } from './safetensors.ts'
export { sampleChebyshev } from './sample-chebyshev.ts'
export { sampleCurvedManifold } from './sample-curved-manifold.ts'
export { sampleGaussianMixture } from './sample-gaussian-mixture.ts'
export { sampleTeacherStudent } from './sample-teacher-student.ts'
export {
  answerEntries,
  batchBuffers,
  classCounts,
  heldOutCount,
  readAll,
  rowRange,
  samplesInMemory,
  selectRows,
  splitSamples,
  type FeatureBuffer,
  type Samples,
  type SplitSamples,
  type TargetBuffer,
} from './samples.ts'
export { standardize } from './standardize.ts'
export { loadLanguage, type LanguageData, type LanguageOptions } from './text-language.ts'
export type { Vocabulary } from './vocabulary.ts'

// Pictures and tables as others publish them.
export { augment, type AugmentOptions } from './augment.ts'
export { memorySource, sourceCursor, streamCursor, type ByteCursor } from './byte-source.ts'
export { parseCifarBinary, parseCifarPickle } from './cifar-batch.ts'
export { loadCifar, type CifarOptions, type CifarParts } from './load-cifar.ts'
export { loadIdxFiles, loadIdxFolder } from './load-idx-files.ts'
export type { ImageOptions } from './image-decode.ts'
export { openImageFolder, type ImageParts } from './image-folder.ts'
export { loadParquet, type ParquetOptions } from './load-parquet.ts'
export { normalizePixels } from './normalize-pixels.ts'
export { loadParquetImages, type ParquetImageOptions } from './parquet-images.ts'
export { parsePickle } from './pickle.ts'
export { pixelScales, type PixelScale } from './pixel-scale.ts'
export { tarMembers, type TarMember } from './tar.ts'
export { openWebDataset, type WebDatasetOptions } from './webdataset.ts'
