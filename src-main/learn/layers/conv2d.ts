import { add, conv2d as convolve, type Tracer, type Window2d } from '#tensor/program'
import { alongChannels } from './channels.ts'

/** Parameters of a convolution as `torch.nn.Conv2d` holds them. */
export interface Conv2dParameters {
  /** `[out, in / groups, kernelHeight, kernelWidth]`. */
  readonly weight: Tracer
  /** `[out]`, or null. */
  readonly bias: Tracer | null
}

/**
 * Cross-correlation with a kernel, plus a bias for each output channel:
 * y[n,o,i,j] = b[o] + Σ_{c,s,t} x[n, c, i·stride + s·dilation − padding, j·stride + t·dilation −
 * padding]·W[o,c,s,t], where c runs over the input channels of o's group.
 *
 * @param x - `[n, in, height, width]`.
 * @param window - Strides, padding, dilations and groups as in `torch.nn.Conv2d`.
 * @returns `[n, out, height′, width′]`.
 * @throws InputError if the channels do not fit the weight or no window fits.
 */
export function conv2d(
  x: Tracer,
  { weight, bias }: Conv2dParameters,
  window: Window2d = {},
): Tracer {
  const y = convolve(x, weight, window)
  return bias === null ? y : add(y, alongChannels(bias, y))
}
