import { mul, type Tracer } from '#tensor/program'

/**
 * x ⊙ mask. A program draws nothing: the mask is an input that already holds 0 with probability p
 * and 1/(1 − p) otherwise, so that its mean is 1.
 *
 * @param mask - The shape of `x`, or one that broadcasts to it.
 */
export const dropout = (x: Tracer, mask: Tracer): Tracer => mul(x, mask)
