import type { Tracer } from '#tensor/program'
import { poolWindows, shiftedSlices } from './windows.ts'

/**
 * Every `stride`-th row and column, from the first: `x[:, :, ::stride, ::stride]`.
 *
 * @param x - `[n, channels, height, width]`.
 * @returns `[n, channels, ⌈height / stride⌉, ⌈width / stride⌉]`.
 */
export function subsample2d(x: Tracer, stride: number): Tracer {
  if (stride === 1) return x
  const [rows, columns] = poolWindows(x, { kernel: [1, 1], stride: [stride, stride] })
  // A window of one entry has one shifted slice.
  const [kept] = shiftedSlices(x, 2, rows)
  return shiftedSlices(kept!, 3, columns)[0]!
}
