import { InputError } from '#base'
import { attendHeads, positionalEmbedding, rotatePositions } from '#learn/layers'
import { labelsPerSample, outputsOf, type Task } from '#learn/tasks'
import { add, mul, reduceMean, reshape, transpose, type Tracer } from '#tensor/program'
import { activations, type Activation } from './activations.ts'
import { embeddingDeviation, embeddingTable, linear } from './blocks.ts'
import type { NetworkDefinition } from './definition.ts'
import { checkInteger, describeFeatures, readout } from './fit.ts'
import { prepareLayerNorm } from './normalizations.ts'
import { growthOf, type Parameterization } from './parameterization.ts'
import type { Scope } from './scope.ts'

/** A transformer: a causal language model where each token has an answer, else an encoder that classifies. */
export interface TransformerSettings {
  /** Of the residual stream; divided by `heads`. */
  readonly width: number
  readonly layers: number
  readonly heads: number
  /** Width of a feed-forward part over that of the stream. */
  readonly mlpRatio: number
  /** Whether a layer normalization stands before each part of a layer (and at the end), or after each sum. */
  readonly norm: 'pre' | 'post'
  /** `learned`: a vector a position, added to the input. `rotary`: rotations of queries and keys. */
  readonly positions: 'learned' | 'rotary'
  /** Whether the output layer of a language model is the table of its tokens. */
  readonly tiedEmbeddings: boolean
  /** Height and width of the patches that images are cut into. */
  readonly patch: number
  readonly activation: Activation
  /** Of all affine layers but the output of a language model. */
  readonly bias: boolean
}

/** Where the sequence of a task comes from. */
type Source =
  | { readonly kind: 'tokens'; readonly time: number; readonly vocabulary: number }
  | { readonly kind: 'patches'; readonly time: number }

function sourceOf({ features, targets }: Task, { patch }: TransformerSettings): Source {
  const answers = labelsPerSample(targets)
  if (features.kind === 'tokens') {
    if (answers !== 1 && answers !== features.length) {
      throw new InputError(
        'model.kind',
        `model.kind transformer wants 1 answer a sample or 1 a token (${features.length}), got ${answers}`,
      )
    }
    return { kind: 'tokens', time: features.length, vocabulary: features.vocabulary }
  }
  if (features.shape.length !== 3 || answers !== 1) {
    throw new InputError(
      'model.kind',
      `model.kind transformer wants tokens, or images [channels, height, width] with 1 answer, got ${describeFeatures(features)} with ${answers}; mlp takes any features`,
    )
  }
  const [, height, width] = features.shape
  checkInteger('model.patch', patch, 1, 1024)
  if (height! % patch !== 0 || width! % patch !== 0) {
    throw new InputError(
      'model.patch',
      `model.patch must divide images of ${height!}×${width!}, got ${patch}`,
    )
  }
  return { kind: 'patches', time: (height! / patch) * (width! / patch) }
}

function checkSettings(settings: TransformerSettings): void {
  const { width, heads, positions, mlpRatio } = settings
  checkInteger('model.width', width, 1, 1_000_000)
  checkInteger('model.layers', settings.layers, 1, 1_000)
  checkInteger('model.heads', heads, 1, 1_000)
  if (width % heads !== 0) {
    throw new InputError(
      'model.heads',
      `model.heads must divide model.width ${width}, got ${heads}`,
    )
  }
  if (positions === 'rotary' && (width / heads) % 2 !== 0) {
    throw new InputError(
      'model.heads',
      `model.heads must leave an even width a head with rotary positions, got ${width} / ${heads}`,
    )
  }
  if (!(Math.round(mlpRatio * width) >= 1 && mlpRatio <= 64)) {
    throw new InputError('model.mlpRatio', `model.mlpRatio must be in 1/width…64, got ${mlpRatio}`)
  }
}

/** `[b, channels, height, width]` → `[b · patches, channels · patch²]`, a patch by channel, row and column. */
function cutPatches(images: Tracer, patch: number): Tracer {
  const [count, channels, height, width] = images.shape as [number, number, number, number]
  const [rows, columns] = [height / patch, width / patch]
  const tiles = reshape(images, [count, channels, rows, patch, columns, patch])
  return reshape(transpose(tiles, [0, 2, 4, 1, 3, 5]), [
    count * rows * columns,
    channels * patch * patch,
  ])
}

/** Writes layers of one network down. */
class LayerWriter {
  private readonly settings: TransformerSettings
  private readonly isCausal: boolean
  /** On scores: 1/√d, and 1/√m more in a network m times as wide as its base. */
  private readonly scale: number

  constructor(settings: TransformerSettings, isCausal: boolean, growth: number) {
    this.settings = settings
    this.isCausal = isCausal
    this.scale = 1 / Math.sqrt((settings.width / settings.heads) * growth)
  }

  layer(scope: Scope, x: Tracer, batchSize: number): Tracer {
    const { width, norm } = this.settings
    const first = prepareLayerNorm(scope.within('norm1'), width)
    if (norm === 'pre') {
      const attended = add(x, this.attention(scope.within('attention'), first(x), batchSize))
      const second = prepareLayerNorm(scope.within('norm2'), width)
      return add(attended, this.feedForward(scope, second(attended)))
    }
    const attended = first(add(x, this.attention(scope.within('attention'), x, batchSize)))
    const second = prepareLayerNorm(scope.within('norm2'), width)
    return second(add(attended, this.feedForward(scope, attended)))
  }

  private attention(scope: Scope, x: Tracer, batchSize: number): Tracer {
    const { heads, positions } = this.settings
    const query = mul(this.hidden(scope.within('q_proj'), x), this.scale)
    const key = this.hidden(scope.within('k_proj'), x)
    const value = this.hidden(scope.within('v_proj'), x)
    const mixed = attendHeads(
      { query, key, value },
      {
        batchSize,
        heads,
        isCausal: this.isCausal,
        turn: positions === 'rotary' ? rotatePositions : undefined,
      },
    )
    return this.hidden(scope.within('out_proj'), mixed)
  }

  private feedForward(scope: Scope, x: Tracer): Tracer {
    const { width, mlpRatio, activation } = this.settings
    const wide = this.hidden(scope.within('linear1'), x, Math.round(mlpRatio * width))
    return this.hidden(scope.within('linear2'), activations[activation](wide))
  }

  private hidden(scope: Scope, x: Tracer, outputs: number = this.settings.width): Tracer {
    return linear(scope, x, outputs, { role: 'hidden', bias: this.settings.bias })
  }
}

/**
 * The transformer `tokens` (or `patches`), `positions`, `layers.0.norm1`, `layers.0.attention.q_proj`, `.k_proj`,
 * `.v_proj`, `.out_proj`, `layers.0.norm2`, `layers.0.linear1`, `layers.0.linear2`, …, `norm`, `head`.
 *
 * - Tokens are looked up in a table; images are cut into patches that do not overlap, each an affine map of its
 *   entries, channel by channel. Learned positions are added. Rotary ones turn queries and keys (see
 *   `rotatePositions`), and nothing is added.
 * - A layer, `pre`: x ← x + attention(norm1(x)); x ← x + linear2(σ(linear1(norm2(x)))), and `norm` at the end;
 *   `post`: x ← norm1(x + attention(x)); x ← norm2(x + linear2(σ(linear1(x)))), and no `norm` at the end.
 * - With an answer for each token attention is causal, and `head` (without biases, or the table of tokens itself)
 *   acts on each position. With one answer attention sees all, and `head` acts on the mean over positions.
 * - Tables and learned positions are drawn normal(0, 0.02²). With `mup`, tied or not, the output is divided by m.
 *
 * Parameters, with w width, f = w·mlpRatio, T positions, L layers and biases: tokens V·w or patches w·(p²·c + 1);
 * learned positions T·w; a layer 4·w·(w + 1) + f·(w + 1) + w·(f + 1) + 4·w; `norm` 2·w (`pre`); `head` V·w for a language
 * model if not tied, else (w + 1)·o.
 *
 * @throws InputError naming `model.kind` if the task is neither tokens nor images or has other numbers of
 *   answers, or the setting that does not fit: `model.heads`, `model.patch`, ….
 * @see Vaswani et al., Attention is all you need (2017); Dosovitskiy et al., An image is worth 16×16 words (2021)
 */
export function transformer(
  settings: TransformerSettings,
  task: Task,
  parameterization: Parameterization,
): NetworkDefinition {
  const { width, layers, heads, norm, positions, bias } = settings
  const source = sourceOf(task, settings)
  checkSettings(settings)
  const isCausal = source.kind === 'tokens' && labelsPerSample(task.targets) > 1
  const outputs = outputsOf(task.targets)
  const isTied = isCausal && settings.tiedEmbeddings
  if (isTied && source.vocabulary !== outputs) {
    throw new InputError(
      'model.tiedEmbeddings',
      `model.tiedEmbeddings wants as many classes as tokens, ${source.vocabulary}, got ${outputs}`,
    )
  }
  const growth = growthOf(parameterization, width)

  const embed = (scope: Scope, batch: Tracer): Tracer => {
    const rows = batch.shape[0]! * source.time
    const embedded =
      source.kind === 'tokens'
        ? embeddingTable(scope.within('tokens'), reshape(batch, [rows]), source.vocabulary, width)
        : linear(scope.within('patches'), cutPatches(batch, settings.patch), width, {
            role: 'input',
            bias,
          })
    if (positions === 'rotary') return embedded
    const table = scope
      .within('positions')
      .parameter('weight', [source.time, width], { kind: 'normal', deviation: embeddingDeviation })
    return positionalEmbedding(embedded, table, source.time)
  }
  const head = (scope: Scope, x: Tracer, batchSize: number): Tracer => {
    if (isTied) {
      // The table itself, whose rule is that of an input: what an output layer is divided by falls to its input.
      const scaled = growth === 1 ? x : mul(x, 1 / growth)
      return linear(scope.within('tokens'), scaled, outputs, { role: 'output', bias: false })
    }
    if (isCausal) {
      return linear(scope.within('head'), x, outputs, { role: 'output', bias: false })
    }
    const mean = reduceMean(reshape(x, [batchSize, source.time, width]), [1])
    return readout(scope.within('head'), mean, task, bias)
  }

  return {
    label: `transformer ${width}×${layers}, ${heads} heads`,
    width,
    aliases: isTied ? [{ name: 'head.weight', of: 'tokens.weight' }] : [],
    apply: (scope, batch) => {
      const batchSize = batch.shape[0]!
      const writer = new LayerWriter(settings, isCausal, growth)
      let values = embed(scope, batch)
      for (let layer = 0; layer < layers; layer += 1) {
        values = writer.layer(scope.within(`layers.${layer}`), values, batchSize)
      }
      const last = norm === 'pre' ? prepareLayerNorm(scope.within('norm'), width)(values) : values
      return head(scope, last, batchSize)
    },
  }
}
