import { add, dot, type Tracer } from '#tensor/program'

/** Parameters of an affine map as `torch.nn.Linear` holds them. */
export interface AffineParameters {
  /** `[out, in]`. */
  readonly weight: Tracer
  /** `[out]`, or null for a linear map. */
  readonly bias: Tracer | null
}

/**
 * y = x·Wᵀ + b along the last dimension.
 *
 * One matrix product; rows are cheapest kept in one leading dimension, `[rows, in]`.
 *
 * @param x - `[…, in]`.
 * @returns `[…, out]`.
 */
export function affine(x: Tracer, { weight, bias }: AffineParameters): Tracer {
  const product = dot(x, weight, {
    lhsContract: [x.shape.length - 1],
    rhsContract: [1],
    lhsBatch: [],
    rhsBatch: [],
  })
  return bias === null ? product : add(product, bias)
}
