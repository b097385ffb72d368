import { InputError, type RandomStream } from '#base'
import { pictureShape } from './normalize-pixels.ts'
import { checkEntryCount, type FeatureBuffer, type Samples } from './samples.ts'

/** How pictures are varied. */
export interface AugmentOptions {
  /** Versions of each picture, the original being the first; 1…2³⁰ / count. */
  readonly copies: number
  /** Pixels added on each side before a crop of the old size is drawn; 0 moves nothing. */
  readonly cropPadding?: number | undefined
  /** Whether a version is mirrored left to right with probability ½. */
  readonly flip?: boolean | undefined
  /** What is added, one value a channel; default 0, which is black only where pixels are not centered. */
  readonly fill?: readonly number[] | undefined
}

/** Where a version of a picture is cut from the original, and whether it is mirrored. */
interface Variation {
  /** Rows and columns the cut lies below and to the right of the original. */
  readonly down: number
  readonly right: number
  readonly isFlipped: boolean
}

function drawVariation(padding: number, flip: boolean, stream: RandomStream): Variation {
  return {
    down: stream.nextInteger(2 * padding + 1) - padding,
    right: stream.nextInteger(2 * padding + 1) - padding,
    isFlipped: flip && stream.nextInteger(2) === 1,
  }
}

/** Writes a version of `original` `[height, width]` at an offset. */
function varyPlane(
  original: FeatureBuffer,
  target: FeatureBuffer,
  offset: number,
  options: Variation & { readonly width: number; readonly fill: number },
): void {
  const { down, right, isFlipped, width, fill } = options
  const height = original.length / width
  for (let y = 0; y < height; y += 1) {
    const from = y + down
    const isInside = from >= 0 && from < height
    for (let x = 0; x < width; x += 1) {
      const column = (isFlipped ? width - 1 - x : x) + right
      const value =
        isInside && column >= 0 && column < width ? original[from * width + column]! : fill
      target[offset + y * width + x] = value
    }
  }
}

function checkOptions(samples: Samples, options: AugmentOptions, shape: readonly number[]): void {
  const { copies, cropPadding = 0, fill } = options
  const [channels = 0, height = 0, width = 0] = shape
  if (!Number.isInteger(copies) || copies < 1) {
    throw new InputError('copies', `copies must be an integer of at least 1, got ${copies}`)
  }
  checkEntryCount('copies', copies, samples.count)
  const most = Math.min(height, width)
  if (!Number.isInteger(cropPadding) || cropPadding < 0 || cropPadding > most) {
    throw new InputError('cropPadding', `cropPadding must be in 0…${most}, got ${cropPadding}`)
  }
  if (fill !== undefined && (fill.length !== channels || !fill.every(Number.isFinite))) {
    throw new InputError(
      'fill',
      `fill must be ${channels} finite numbers, got [${fill.join(', ')}]`,
    )
  }
}

/**
 * Pictures and their variations as one larger data set: row i·copies + k is version k of sample i, and
 * version 0 the original. Which versions there are is settled by the stream, so the loss over them is a
 * fixed function of the parameters. A view.
 *
 * Crop and mirror of a version are drawn from `stream.fork(i, k)`, offsets uniformly from
 * −cropPadding…cropPadding.
 *
 * @param stream - Named; nothing is drawn from it itself.
 * @throws ShapeError if the features are not `[channels, height, width]`.
 * @throws InputError if an option is out of range.
 */
export function augment(samples: Samples, options: AugmentOptions, stream: RandomStream): Samples {
  const shape = pictureShape(samples)
  checkOptions(samples, options, shape)
  const { copies, cropPadding = 0, flip = false } = options
  const [channels, height, width] = shape
  const plane = height * width
  const fill = options.fill ?? new Array<number>(channels).fill(0)
  const { labels } = samples
  const perSample = labels === null ? 0 : labels.length / samples.count
  return {
    ...samples,
    count: samples.count * copies,
    labels:
      labels &&
      Int32Array.from(
        { length: labels.length * copies },
        (_, at) => labels[Math.floor(at / (copies * perSample)) * perSample + (at % perSample)]!,
      ),
    read: async (rows, features, targets) => {
      const origins = rows.map((row) => Math.floor(row / copies))
      await samples.read(origins, features, targets)
      for (let i = 0; i < rows.length; i += 1) {
        const version = rows[i]! % copies
        if (version === 0) continue
        const variation = drawVariation(cropPadding, flip, stream.fork(origins[i]!, version))
        for (let channel = 0; channel < channels; channel += 1) {
          const offset = (i * channels + channel) * plane
          const original = features.slice(offset, offset + plane)
          varyPlane(original, features, offset, { ...variation, width, fill: fill[channel]! })
        }
      }
    },
  }
}
