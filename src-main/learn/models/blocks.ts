import { affine, conv2d, embedding } from '#learn/layers'
import type { Tracer } from '#tensor/program'
import type { WeightRole } from './draws.ts'
import type { Scope } from './scope.ts'

/** Where a layer stands and what it has. */
export interface LayerOptions {
  readonly role: WeightRole
  readonly bias: boolean
  /** What is drawn of the weight is multiplied by this. @default 1 */
  readonly gain?: number | undefined
}

/**
 * An affine layer with parameters `weight` `[outputs, in]` and `bias` `[outputs]`.
 *
 * @param x - `[rows, in]`.
 * @returns `[rows, outputs]`.
 */
export function linear(scope: Scope, x: Tracer, outputs: number, options: LayerOptions): Tracer {
  const { role, bias, gain } = options
  const fanIn = x.shape[1]!
  const weight = scope.parameter('weight', [outputs, fanIn], {
    kind: 'weight',
    role,
    fanIn,
    fanOut: outputs,
    gain,
  })
  const shift = bias ? scope.parameter('bias', [outputs], { kind: 'bias', role, fanIn }) : null
  return scope.tap({
    kind: 'affine',
    weight: 'weight',
    bias: bias ? 'bias' : null,
    input: x,
    output: affine(x, { weight, bias: shift }),
  })
}

/**
 * A convolution with parameters `weight` `[channels, in, kernel, kernel]` and `bias` `[channels]`, padded by
 * (kernel − 1)/2 on each side.
 *
 * @param x - `[n, in, height, width]`.
 * @param options.kernel - Odd.
 * @returns `[n, channels, ⌈height / stride⌉, ⌈width / stride⌉]`.
 */
export function convolution(
  scope: Scope,
  x: Tracer,
  channels: number,
  options: LayerOptions & { readonly kernel: number; readonly stride: number },
): Tracer {
  const { role, bias, gain, kernel, stride } = options
  const inputs = x.shape[1]!
  const area = kernel * kernel
  const fanIn = inputs * area
  const weight = scope.parameter('weight', [channels, inputs, kernel, kernel], {
    kind: 'weight',
    role,
    fanIn,
    fanOut: channels * area,
    area,
    gain,
  })
  const shift = bias ? scope.parameter('bias', [channels], { kind: 'bias', role, fanIn }) : null
  const padding = (kernel - 1) / 2
  const window = { stride: [stride, stride], padding: [padding, padding] } as const
  return scope.tap({
    kind: 'convolution',
    weight: 'weight',
    bias: bias ? 'bias' : null,
    input: x,
    output: conv2d(x, { weight, bias: shift }, window),
    window,
  })
}

/** Standard deviation of the entries of embeddings and positions at the start, as in GPT-2. */
export const embeddingDeviation = 0.02

/**
 * A table with parameter `weight` `[vocabulary, width]`, looked up by index.
 *
 * @param indices - int32 `[rows]`.
 * @returns `[rows, width]`.
 */
export function embeddingTable(
  scope: Scope,
  indices: Tracer,
  vocabulary: number,
  width: number,
): Tracer {
  const draw = { kind: 'normal', deviation: embeddingDeviation } as const
  const weight = scope.parameter('weight', [vocabulary, width], draw)
  return scope.tap({
    kind: 'embedding',
    weight: 'weight',
    bias: null,
    input: indices,
    output: embedding(weight, indices),
  })
}
