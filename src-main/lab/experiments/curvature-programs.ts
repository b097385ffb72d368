import { factoredProduct, hessianProduct, residualLoss, type ProductOf } from '#geometry/curvature'
import {
  lossProgram,
  outputFisherProgram,
  outputLossProgram,
  outputProgram,
  sampleLossProgram,
  scoreProgram,
  type Loss,
  type Model,
} from '#learn/models'
import type { MeasureSpec } from '#shared/schemas'
import { mul, traceProgram, type Program } from '#tensor/program'
import { hvp } from '#tensor/transforms'

/** The matrices of curvature, by the names in specs. */
export type CurvatureKind = MeasureSpec['operator']

/** Inputs of a batch by name; running statistics come before all. */
export type BatchPart = 'features' | 'targets' | 'scores' | 'weights'

/** How a matrix that is a sum over batches is multiplied. */
export interface CurvatureProgram {
  readonly product: ProductOf
  /** What its batches are made of, in order. */
  readonly parts: readonly BatchPart[]
}

/** w ⊙ ℓ̇ as the metric of the samples' losses. */
function weighing(batchSize: number): Program {
  const type = { dtype: 'float32', shape: [batchSize] } as const
  return traceProgram('weights', [type, type, type], ([, weights, moved]) => [
    mul(weights!, moved!),
  ])
}

/**
 * The product of a kind of curvature with a vector, over one batch of a network's samples.
 *
 * @param scores - Scores an answer has, for the Monte-Carlo Fisher.
 */
export function curvatureProgram(
  kind: Exclude<CurvatureKind, 'ntk'>,
  options: { readonly model: Model; readonly loss: Loss; readonly batchSize: number },
  scores: number,
): CurvatureProgram {
  const { model, batchSize } = options
  const values = outputProgram(model, batchSize)
  const all: readonly BatchPart[] = ['features', 'targets', 'weights']
  switch (kind) {
    case 'hessian':
      return { product: hessianProduct(lossProgram(options)), parts: all }
    case 'ggn': {
      const metric = hvp(outputLossProgram(options), [0], null)
      return { product: factoredProduct({ values, metric }), parts: all }
    }
    case 'residual':
      return {
        product: hessianProduct(residualLoss(values, outputLossProgram(options))),
        parts: all,
      }
    case 'fisher': {
      const metric = outputFisherProgram(options)
      return { product: factoredProduct({ values, metric }), parts: ['features', 'weights'] }
    }
    case 'monte-carlo-fisher': {
      const metric = scoreProgram(options, scores)
      const parts: readonly BatchPart[] = ['features', 'scores', 'weights']
      return { product: factoredProduct({ values, metric }), parts }
    }
    case 'empirical-fisher':
    case 'gradient-covariance': {
      const losses = sampleLossProgram(options)
      return {
        product: factoredProduct({ values: losses, metric: weighing(batchSize) }),
        parts: all,
      }
    }
  }
}
