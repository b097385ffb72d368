import { add, mul, reduceMean, reduceSum, type Tracer } from '#tensor/program'
import {
  areTiles,
  padWindows,
  poolWindows,
  shiftedSlices,
  tilesOf,
  type PoolOptions,
} from './windows.ts'

/**
 * Mean of each window; padding counts as zeros (`count_include_pad=True` of `torch.nn.AvgPool2d`).
 *
 * Windows that tile cost one sum; others kernelHeight + kernelWidth additions.
 *
 * @param x - `[n, channels, height, width]`.
 * @returns `[n, channels, height′, width′]`.
 * @throws InputError if a window does not fit.
 */
export function averagePool2d(x: Tracer, options: PoolOptions): Tracer {
  const windows = poolWindows(x, options)
  const padded = padWindows(x, windows)
  const share = 1 / (windows[0].kernel * windows[1].kernel)
  if (areTiles(windows)) return mul(reduceSum(tilesOf(padded, windows), [3, 5]), share)
  const rows = shiftedSlices(padded, 2, windows[0]).reduce(add)
  return mul(shiftedSlices(rows, 3, windows[1]).reduce(add), share)
}

/**
 * Mean over height and width.
 *
 * @param x - `[n, channels, height, width]`.
 * @returns `[n, channels]`.
 */
export const globalAveragePool = (x: Tracer): Tracer => reduceMean(x, [2, 3])
