import { gelu, logistic, mul, relu, softplus, tanh, type Tracer } from '#tensor/program'

/** Elementwise nonlinearities: GELU is the exact one, x·Φ(x); SiLU is x·logistic(x). */
export type Activation = 'tanh' | 'relu' | 'gelu' | 'silu' | 'softplus' | 'logistic' | 'identity'

/** Each activation as an operation. */
export const activations: { readonly [A in Activation]: (x: Tracer) => Tracer } = {
  tanh: (x) => tanh(x),
  relu: (x) => relu(x),
  gelu: (x) => gelu(x),
  silu: (x) => mul(x, logistic(x)),
  softplus: (x) => softplus(x),
  logistic: (x) => logistic(x),
  identity: (x) => x,
}
