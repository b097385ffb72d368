import type { StateTensor } from '#learn/optimizers'
import { sizeOf } from '#tensor/dense'
import {
  broadcastTo,
  cast,
  concatenate,
  constantLike,
  conv2d,
  dot,
  equal,
  iota,
  matmul,
  mul,
  reshape,
  scatterAdd,
  slice,
  type Tracer,
} from '#tensor/program'
import type { FullKfacSettings, KfacLayer, KfacLoss } from './kfac-settings.ts'

/** A layer whose block of the curvature is A ⊗ G. */
export interface KfacBlock {
  readonly layer: KfacLayer
  /** Its place among the layers of the loss. */
  readonly place: number
  /** Rows of A: inputs, times the kernel's area, and 1 more with a bias; tokens of an embedding, where A is diagonal. */
  readonly inputs: number
  /** Rows of G. */
  readonly outputs: number
}

/** How the curvature is cut up: blocks, and parameters that have a diagonal only. */
export interface KfacParts {
  readonly blocks: readonly KfacBlock[]
  /** Places in the layout. */
  readonly diagonal: readonly number[]
}

/**
 * Cuts a network up. A diagonal is left to parameters of no layer (norms, positions), of more than one (tied tables),
 * of convolutions in groups, and of layers too large.
 */
export function kfacParts(
  { layout, layers }: KfacLoss,
  { largestFactor }: Pick<FullKfacSettings, 'largestFactor'>,
): KfacParts {
  const uses = layers.flatMap(({ weight, bias }) => (bias === null ? [weight] : [weight, bias]))
  const isOnce = (place: number | null): boolean =>
    place === null || uses.filter((use) => use === place).length === 1
  const blocks = layers.flatMap((layer, place): KfacBlock[] => {
    const { kind, weight, bias, window } = layer
    const [rows, ...columns] = layout.entries[weight]!.shape as [number, ...number[]]
    const [inputs, outputs] =
      kind === 'embedding' ? [rows, columns[0]!] : [sizeOf(columns) + (bias === null ? 0 : 1), rows]
    const largest = kind === 'embedding' ? outputs : Math.max(inputs, outputs)
    const fits = largest <= largestFactor && (window?.groups ?? 1) === 1
    return fits && isOnce(weight) && isOnce(bias) ? [{ layer, place, inputs, outputs }] : []
  })
  const inBlocks = new Set(blocks.flatMap(({ layer }) => [layer.weight, layer.bias]))
  const diagonal = layout.entries.map((_, i) => i).filter((place) => !inBlocks.has(place))
  return { blocks, diagonal }
}

/** The running means: for each block A (`[tokens]` of an embedding) and G, then the diagonals. */
export function factorTensors(
  { layout }: KfacLoss,
  { blocks, diagonal }: KfacParts,
): StateTensor[] {
  return [
    ...blocks.flatMap(({ layer, place, inputs, outputs }) => [
      {
        name: `inputs.${place}`,
        shape: layer.kind === 'embedding' ? [inputs] : [inputs, inputs],
        initial: 0,
      },
      { name: `outputs.${place}`, shape: [outputs, outputs], initial: 0 },
    ]),
    ...diagonal.map((place) => ({
      name: `diagonal.${layout.entries[place]!.name}`,
      shape: layout.entries[place]!.shape,
      initial: 0,
    })),
  ]
}

/** Σ over all dimensions but the second. */
function secondMoments(left: Tracer, right: Tracer): Tracer {
  const summed = left.shape.map((_, axis) => axis).filter((axis) => axis !== 1)
  return dot(left, right, {
    lhsContract: summed,
    rhsContract: summed,
    lhsBatch: [],
    rhsBatch: [],
  })
}

/** `[n, in, h, w]` → `[n, in · area, h′, w′]`: what a kernel sees at each position, in its own order. */
function patchesOf(x: Tracer, kernel: readonly number[], layer: KfacLayer): Tracer {
  const count = sizeOf(kernel)
  const places = [0, 1].map((axis) => iota(x, [count, count], axis))
  const each = cast(equal(places[0]!, places[1]!), x.type.dtype)
  return conv2d(x, reshape(each, [count, ...kernel]), layer.window)
}

/**
 * A = Σᵢ wᵢ·mean over positions of ā·āᵀ, with ā = (a, 1) where there is a bias and Σ wᵢ = 1.
 *
 * @param input - What the layer was given.
 * @param kernel - Shape of its weight without the outputs.
 * @param weights - `[b]`, with sum 1.
 */
export function inputFactor(
  block: KfacBlock,
  input: Tracer,
  kernel: readonly number[],
  weights: Tracer,
): Tracer {
  const { layer, inputs } = block
  const batchSize = weights.shape[0]!
  const entries = layer.kind === 'convolution' ? patchesOf(input, kernel, layer) : input
  const [rows, , ...space] = entries.shape as [number, ...number[]]
  const count = layer.kind === 'embedding' ? sizeOf(input.shape) : rows * sizeOf(space)
  const positions = count / batchSize
  const shares = mul(weights, 1 / positions)
  if (layer.kind === 'embedding') {
    const spread = broadcastTo(reshape(shares, [batchSize, 1]), [batchSize, positions])
    return scatterAdd(reshape(spread, [count]), reshape(input, [count]), 0, inputs)
  }
  const values =
    layer.bias === null
      ? entries
      : concatenate([entries, constantLike(entries, 1, [rows, 1, ...space])], 1)
  const perSample = [batchSize, rows / batchSize, ...values.shape.slice(1)]
  const ones = perSample.slice(1).map(() => 1)
  const weighted = mul(reshape(values, perSample), reshape(shares, [batchSize, ...ones]))
  return secondMoments(reshape(weighted, values.shape), values)
}

/** G = Σ g·gᵀ over samples and positions, g the derivative by the layer's output, already weighted. */
export const outputFactor = (derivative: Tracer): Tracer => secondMoments(derivative, derivative)

/** What is stored of a block's parameters as one matrix `[out, in]` of effective ones, and back. */
export interface MatrixForm {
  toMatrix(weight: Tracer, bias: Tracer | null): Tracer
  fromMatrix(matrix: Tracer): { readonly weight: Tracer; readonly bias: Tracer | null }
}

/**
 * Derivatives of a block as a matrix: by effective parameters, so divided by the factors; a step by effective
 * parameters is likewise divided to be one of the stored ones.
 */
export function matrixForm(
  { layer, inputs, outputs }: KfacBlock,
  shape: readonly number[],
): MatrixForm {
  const divide = (x: Tracer, factor: number): Tracer => (factor === 1 ? x : mul(x, 1 / factor))
  const columns = layer.bias === null ? inputs : inputs - 1
  return {
    toMatrix: (weight, bias) => {
      const matrix = divide(reshape(weight, [outputs, columns]), layer.weightFactor)
      return bias === null
        ? matrix
        : concatenate([matrix, divide(reshape(bias, [outputs, 1]), layer.biasFactor)], 1)
    },
    fromMatrix: (matrix) => {
      const cut = layer.bias === null ? matrix : slice(matrix, [0, 0], [outputs, columns])
      return {
        weight: divide(reshape(cut, shape), layer.weightFactor),
        bias:
          layer.bias === null
            ? null
            : divide(
                reshape(slice(matrix, [0, columns], [outputs, inputs]), [outputs]),
                layer.biasFactor,
              ),
      }
    },
  }
}

/** G⁻¹·V·A⁻¹ of a block's derivatives, as derivatives. */
export function preconditionBlock(
  block: KfacBlock,
  shape: readonly number[],
  inverses: { readonly inputs: Tracer; readonly outputs: Tracer },
  gradient: { readonly weight: Tracer; readonly bias: Tracer | null },
): { readonly weight: Tracer; readonly bias: Tracer | null } {
  if (block.layer.kind === 'embedding') {
    const { weightFactor } = block.layer
    const rows = reshape(inverses.inputs, [block.inputs, 1])
    const product = mul(rows, matmul(gradient.weight, inverses.outputs))
    return {
      weight: weightFactor === 1 ? product : mul(product, 1 / (weightFactor * weightFactor)),
      bias: null,
    }
  }
  const form = matrixForm(block, shape)
  const matrix = form.toMatrix(gradient.weight, gradient.bias)
  return form.fromMatrix(matmul(matmul(inverses.outputs, matrix), inverses.inputs))
}
