import {
  affine,
  attention,
  embedding,
  layerNorm,
  packedProjections,
  positionalEmbedding,
  type AffineParameters,
  type NormParameters,
} from '#learn/layers'
import { add, gelu, reshape, type Tracer } from '#tensor/program'
import { integers, targetsOf } from './batch-data.ts'
import { defineNetwork, drawParameters, type Declare } from './define-network.ts'
import type { Workload } from './workload.ts'

/** Sizes of a decoder. */
export interface TransformerOptions {
  readonly id: string
  readonly title: string
  readonly vocabulary: number
  readonly width: number
  readonly heads: number
  readonly layers: number
  /** Tokens a sequence. */
  readonly context: number
  /** Sequences a batch. */
  readonly batchSize: number
  readonly blockSizes: readonly number[]
}

/**
 * Mean next-token cross-entropy of a decoder on random tokens: learned positions, pre-layer-norm, causal
 * attention, a feed-forward part of four widths with exact GELU, a final layer norm and an untied head.
 *
 * @see Radford et al., Language models are unsupervised multitask learners (2019), section 2.3
 */
export function transformer(options: TransformerOptions): Workload {
  const { id, title, vocabulary, width, heads, layers, context, batchSize, blockSizes } = options
  return {
    id,
    title,
    blockSizes,
    twin: { kind: 'transformer', layers, heads },
    tolerance: 1e-4,
    create: (seed) => {
      const tokens = { dtype: 'int32', shape: [batchSize, context] } as const
      const { loss, layout } = defineNetwork(title, tokens, (declare, input) => {
        const rows = batchSize * context
        const embedded = embedding(declare('tokens', [vocabulary, width]), input)
        const places = declare('positions', [context, width])
        let values = positionalEmbedding(reshape(embedded, [rows, width]), places, context)
        for (let layer = 0; layer < layers; layer += 1) {
          values = decoderLayer(declare, `layer.${layer}`, values, batchSize, heads)
        }
        const normal = layerNorm(values, norm(declare, 'final', width))
        return affine(normal, { weight: declare('head', [vocabulary, width]), bias: null })
      })
      // One more token than the context: the targets are the tokens one place on.
      const text = integers(batchSize * (context + 1), vocabulary, seed, 'tokens')
      const from = (shift: number): Int32Array =>
        Int32Array.from(
          { length: batchSize * context },
          (_, i) => text[i + Math.floor(i / context) + shift]!,
        )
      return {
        loss,
        layout,
        initialParameters: drawParameters(layout, seed),
        batch: [from(0), ...targetsOf(from(1), vocabulary)],
      }
    },
  }
}

function decoderLayer(
  declare: Declare,
  name: string,
  x: Tracer,
  batchSize: number,
  heads: number,
): Tracer {
  const width = x.shape[1]!
  const map = (part: string, outputs: number, inputs: number): AffineParameters => ({
    weight: declare(`${name}.${part}.weight`, [outputs, inputs]),
    bias: declare(`${name}.${part}.bias`, [outputs]),
  })
  const normal = layerNorm(x, norm(declare, `${name}.before-attention`, width))
  const projections = packedProjections(map('projections', 3 * width, width))
  const output = map('output', width, width)
  const mixed = attention(normal, { ...projections, output }, { batchSize, heads, isCausal: true })
  const attended = add(x, mixed)
  const wide = affine(
    layerNorm(attended, norm(declare, `${name}.before-forward`, width)),
    map('wide', 4 * width, width),
  )
  return add(attended, affine(gelu(wide), map('narrow', width, 4 * width)))
}

const norm = (declare: Declare, name: string, width: number): NormParameters => ({
  weight: declare(`${name}.weight`, [width]),
  bias: declare(`${name}.bias`, [width]),
})
