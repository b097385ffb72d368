import { add, constantLike, maximum, mul, reduceMax, sub, type Tracer } from '#tensor/program'
import {
  areTiles,
  padWindows,
  poolWindows,
  shiftedSlices,
  tilesOf,
  type PoolOptions,
  type Windows,
} from './windows.ts'

/**
 * The largest float32: below every entry when negated, and, unlike ∞, without NaN in differences.
 */
const largest = 3.4028234663852886e38

/** Pads by what never wins a maximum. */
function padLowest(x: Tracer, windows: readonly [Windows, Windows]): Tracer {
  if (windows.every(({ padding }) => padding === 0)) return x
  const inside = padWindows(constantLike(x, 1, x.shape.slice(2)), windows)
  return add(padWindows(x, windows), mul(sub(inside, 1), largest))
}

/**
 * Largest entry of each window, as `torch.nn.MaxPool2d`; padding never wins.
 *
 * The derivative goes to the largest entry. Where several are equal they share it (PyTorch gives
 * all of it to the first): in windows that tile, in equal parts; in windows that overlap or leave
 * gaps, which are compared pair by pair along rows and then columns, each pair by halves.
 *
 * @param x - `[n, channels, height, width]`.
 * @returns `[n, channels, height′, width′]`.
 * @throws InputError if a window does not fit.
 */
export function maxPool2d(x: Tracer, options: PoolOptions): Tracer {
  const windows = poolWindows(x, options)
  const padded = padLowest(x, windows)
  if (areTiles(windows)) return reduceMax(tilesOf(padded, windows), [3, 5])
  const rows = shiftedSlices(padded, 2, windows[0]).reduce(maximum)
  return shiftedSlices(rows, 3, windows[1]).reduce(maximum)
}
