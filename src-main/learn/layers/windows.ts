import { InputError } from '#base'
import { pad, reshape, slice, type Tracer } from '#tensor/program'

/** How a pooling window moves, in rows and columns, as in `torch.nn.MaxPool2d`. */
export interface PoolOptions {
  /** Height and width of the window. */
  readonly kernel: readonly [number, number]
  /** Steps between windows; `kernel` if left out. */
  readonly stride?: readonly [number, number]
  /** Entries added on each side; at most half the kernel; 0 if left out. */
  readonly padding?: readonly [number, number]
}

/** Windows along one dimension. */
export interface Windows {
  readonly kernel: number
  readonly stride: number
  readonly padding: number
  /** How many windows fit: ⌊(extent + 2·padding − kernel) / stride⌋ + 1. */
  readonly count: number
}

/**
 * The windows along height and width of `[n, channels, height, width]`.
 *
 * @throws InputError if the value has another rank, a size is not allowed, or no window fits.
 */
export function poolWindows(x: Tracer, options: PoolOptions): readonly [Windows, Windows] {
  if (x.shape.length !== 4) {
    throw new InputError('pooling', `pooling wants rank 4, got [${x.shape.join(', ')}]`)
  }
  const along = (i: 0 | 1): Windows => {
    const kernel = options.kernel[i]
    const stride = (options.stride ?? options.kernel)[i]
    const padding = options.padding?.[i] ?? 0
    const extent = x.shape[2 + i]!
    const count = Math.floor((extent + 2 * padding - kernel) / stride) + 1
    if (![kernel, stride].every((size) => Number.isInteger(size) && size >= 1)) {
      throw new InputError(
        'pooling',
        `kernel and stride must be 1 or more, got ${kernel}, ${stride}`,
      )
    }
    if (!Number.isInteger(padding) || padding < 0 || 2 * padding > kernel) {
      throw new InputError(
        'padding',
        `padding must be in 0…${Math.floor(kernel / 2)}, got ${padding}`,
      )
    }
    if (count < 1) {
      throw new InputError(
        'kernel',
        `a window of ${kernel} does not fit in ${extent + 2 * padding}`,
      )
    }
    return { kernel, stride, padding, count }
  }
  return [along(0), along(1)]
}

/** Zeros around height and width. */
export function padWindows(x: Tracer, [height, width]: readonly [Windows, Windows]): Tracer {
  const widths = [...x.shape.slice(0, -2).map(() => 0), height.padding, width.padding]
  return widths.some((size) => size > 0) ? pad(x, widths, widths) : x
}

/** Whether the windows tile: reshaping then replaces slicing. */
export const areTiles = (windows: readonly [Windows, Windows]): boolean =>
  windows.every(({ kernel, stride }) => kernel === stride)

/**
 * Splits height and width of a padded value into tiles, `[n, channels, h, kernelHeight, w,
 * kernelWidth]`; what is left over at the end is dropped.
 */
export function tilesOf(x: Tracer, [height, width]: readonly [Windows, Windows]): Tracer {
  const [n, channels] = x.shape as [number, number]
  const limits = [n, channels, height.count * height.kernel, width.count * width.kernel]
  return reshape(cutTo(x, limits), [
    n,
    channels,
    height.count,
    height.kernel,
    width.count,
    width.kernel,
  ])
}

const cutTo = (x: Tracer, limits: readonly number[]): Tracer =>
  limits.every((limit, axis) => limit === x.shape[axis])
    ? x
    : slice(
        x,
        limits.map(() => 0),
        limits,
      )

/**
 * The first, second, … entry of each window along one axis of a padded value, as `kernel` values
 * whose `axis` has extent `count`.
 */
export function shiftedSlices(x: Tracer, axis: number, windows: Windows): Tracer[] {
  const { kernel, stride, count } = windows
  const shifts = Array.from({ length: kernel }, (_, shift) => shift)
  const starts = x.shape.map(() => 0)
  if (stride === 1) {
    return shifts.map((shift) =>
      slice(x, starts.with(axis, shift), x.shape.with(axis, shift + count)),
    )
  }
  // Entry shift = row·stride + column of a window is column `column` of a table with rows of
  // `stride` entries.
  const rows = Math.floor((kernel - 1) / stride) + count
  const missing = rows * stride - x.shape[axis]!
  const filled = missing > 0 ? pad(x, starts, starts.with(axis, missing)) : x
  const table = reshape(
    cutTo(filled, x.shape.with(axis, rows * stride)),
    x.shape.toSpliced(axis, 1, rows, stride),
  )
  return shifts.map((shift) => {
    const from = [Math.floor(shift / stride), shift % stride] as const
    const entries = slice(
      table,
      starts.toSpliced(axis, 1, ...from),
      x.shape.toSpliced(axis, 1, from[0] + count, from[1] + 1),
    )
    return reshape(entries, x.shape.with(axis, count))
  })
}
