import { InputError } from '#base'
import { createLayout, type Layout } from '#tensor/dense'
import { add, gelu, matmulTransposed, relu, softplus, tanh, type Tracer } from '#tensor/program'

/** A fully connected network: affine layers with a nonlinearity after all but the last. */
export interface Network {
  /** Input width, hidden widths, output width; two or more. */
  readonly widths: readonly number[]
  readonly activation: Activation
  readonly bias: boolean
}

/** Elementwise nonlinearities; GELU is the exact one, x·Φ(x). */
export type Activation = 'tanh' | 'relu' | 'gelu' | 'softplus' | 'identity'

const activations: { readonly [A in Activation]: (x: Tracer) => Tracer } = {
  tanh: (x) => tanh(x),
  relu: (x) => relu(x),
  gelu: (x) => gelu(x),
  softplus: (x) => softplus(x),
  identity: (x) => x,
}

/**
 * Names, shapes and flat order of the parameters: those of PyTorch's `parameters()` for a twin whose
 * layers are `layers.0`, `layers.1`, …: weights `[out, in]`, biases `[out]`.
 */
export function networkLayout({ widths, bias }: Network): Layout {
  if (widths.length < 2) {
    throw new InputError('widths', `widths must name 2 layers or more, got ${widths.length}`)
  }
  return createLayout(
    widths.slice(1).flatMap((width, layer) => {
      const weight = { name: `layers.${layer}.weight`, shape: [width, widths[layer]!] }
      return bias ? [weight, { name: `layers.${layer}.bias`, shape: [width] }] : [weight]
    }),
  )
}

/** e.g. `mlp 64-32-32-10`. */
export const networkLabel = ({ widths }: Network): string => `mlp ${widths.join('-')}`

/**
 * The network's outputs for a batch.
 *
 * @param parameters - In the order of {@link networkLayout}.
 * @param features - `[b, widths[0]]`.
 * @returns `[b, widths.at(-1)]`.
 */
export function networkOutputs(
  { widths, activation, bias }: Network,
  parameters: readonly Tracer[],
  features: Tracer,
): Tracer {
  const layers = widths.length - 1
  const perLayer = bias ? 2 : 1
  let values = features
  for (let layer = 0; layer < layers; layer += 1) {
    values = matmulTransposed(values, parameters[perLayer * layer]!)
    if (bias) values = add(values, parameters[perLayer * layer + 1]!)
    if (layer < layers - 1) values = activations[activation](values)
  }
  return values
}
