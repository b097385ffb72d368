import { add, mul, standardize, type Tracer } from '#tensor/program'

/** Scale and shift after a normalization, as PyTorch's norms hold them; null leaves either out. */
export interface NormParameters {
  /** `[features]` or `[channels]`. */
  readonly weight: Tracer | null
  /** `[features]` or `[channels]`. */
  readonly bias: Tracer | null
}

/** Added to a variance before its root; PyTorch's default. */
export const defaultEpsilon = 1e-5

/**
 * y = w ⊙ (x − mean) / √(variance + ε) + b, with mean and biased variance along the last dimension,
 * as `torch.nn.LayerNorm(features)`.
 *
 * @param x - `[…, features]`.
 * @returns The shape of `x`.
 */
export function layerNorm(
  x: Tracer,
  { weight, bias }: NormParameters,
  epsilon: number = defaultEpsilon,
): Tracer {
  const normalized = standardize(x, epsilon)
  const scaled = weight === null ? normalized : mul(normalized, weight)
  return bias === null ? scaled : add(scaled, bias)
}
