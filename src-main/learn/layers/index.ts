export { affine, type AffineParameters } from './affine.ts'
export { attendHeads, type AttentionOptions, type AttentionValues } from './attend-heads.ts'
export {
  attention,
  packedProjections,
  type AttentionParameters,
  type AttentionProjections,
} from './attention.ts'
export { averagePool2d, globalAveragePool } from './average-pool.ts'
export {
  batchNorm,
  batchNormWithStatistics,
  type BatchNormResult,
  type ChannelStatistics,
} from './batch-norm.ts'
export { conv2d, type Conv2dParameters } from './conv2d.ts'
export { dropout } from './dropout.ts'
export { embedding, positionalEmbedding } from './embedding.ts'
export { groupNorm } from './group-norm.ts'
export { layerNorm, type NormParameters } from './layer-norm.ts'
export { maxPool2d } from './max-pool.ts'
export { rotatePositions } from './rotary.ts'
export { subsample2d } from './subsample.ts'
export { type PoolOptions } from './windows.ts'
