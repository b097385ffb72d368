import type { Sharp } from 'sharp'
import { InputError } from '#base'
import { checkPixelScale, pixelTable, type PixelScale } from './pixel-scale.ts'

/** How a picture becomes features `[3, size, size]`. */
export interface ImageOptions {
  /** Height and width in pixels, 1…4096. */
  readonly size: number
  /** What the shorter side is scaled to before the middle is cut out; at least and by default `size`. */
  readonly shorterSide?: number | undefined
  /** Applied to pixels in [0, 1]; by default they stay so. See `pixelScales.imagenet`. */
  readonly scale?: PixelScale | undefined
}

/** Largest picture decoded, in pixels: the largest of ImageNet has 61 million. */
const mostPixels = 2 ** 26

/** Longest side after scaling. */
const longestSide = 2 ** 14

const formats = new Set(['jpeg', 'png', 'webp'])

/** Endings of the pictures that are read. */
export const imageEnding = /\.(jpe?g|png|webp)$/i

/** Pictures decoded at a time: as many as libuv has threads. */
export const decodersAtOnce = 4

/** Writes a picture's features to a place of a buffer. */
export type ImageDecoder = (
  bytes: Uint8Array,
  target: Float32Array,
  offset: number,
) => Promise<void>

/** Why a picture cannot be read; the caller adds where it lies. */
export class ImageProblem extends Error {}

/** Whole picture to scaled width and height, as torchvision's Resize rounds. */
function scaledSize(width: number, height: number, shorterSide: number): [number, number] {
  return width <= height
    ? [shorterSide, Math.floor((shorterSide * height) / width)]
    : [Math.floor((shorterSide * width) / height), shorterSide]
}

/** Rounds a half to the even neighbour, as Python does. */
function roundEven(value: number): number {
  const floor = Math.floor(value)
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value)
}

function cropped(image: Sharp, width: number, height: number, options: ImageOptions): Sharp {
  const { size, shorterSide = size } = options
  const [newWidth, newHeight] = scaledSize(width, height, shorterSide)
  if (Math.max(newWidth, newHeight) > longestSide) {
    throw new ImageProblem(`picture of ${width}×${height} is too narrow`)
  }
  return image
    .resize(newWidth, newHeight, { fit: 'fill', kernel: 'linear', fastShrinkOnLoad: false })
    .extract({
      left: roundEven((newWidth - size) / 2),
      top: roundEven((newHeight - size) / 2),
      width: size,
      height: size,
    })
}

/** Red, green and blue, interleaved `[size, size, 3]`. */
async function decodeBytes(
  open: (bytes: Uint8Array) => Sharp,
  bytes: Uint8Array,
  options: ImageOptions,
): Promise<Uint8Array> {
  const image = open(bytes)
  const { width, height, format } = await image.metadata()
  if (!formats.has(format)) throw new ImageProblem(`is ${format}, not JPEG, PNG or WebP`)
  const { data, info } = await cropped(image, width, height, options)
    .removeAlpha()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  const { size } = options
  if (info.channels === 3 && data.length === 3 * size * size) return data
  throw new ImageProblem(`decodes to ${info.width}×${info.height} with ${info.channels} channels`)
}

function checkOptions({ size, shorterSide = size, scale }: ImageOptions): void {
  if (!Number.isInteger(size) || size < 1 || size > 4096) {
    throw new InputError('size', `size must be in 1…4096, got ${size}`)
  }
  if (!Number.isInteger(shorterSide) || shorterSide < size || shorterSide > 8192) {
    throw new InputError('shorterSide', `shorterSide must be in ${size}…8192, got ${shorterSide}`)
  }
  if (scale !== undefined) checkPixelScale(scale, 3)
}

/**
 * A decoder of JPEG, PNG and WebP: scaled so that the shorter side fits, cut to the middle, grey widened
 * to three channels, transparency and color profiles dropped.
 *
 * The geometry is that of torchvision's Resize and CenterCrop; the filter is theirs too (a triangle,
 * widened when shrinking), but libvips halves pictures in a box before, so that pixels differ: by at most 4
 * of 255 levels, and half a level on average, in smooth pictures. Transparent pixels weigh nothing.
 *
 * @throws InputError if an option is out of range. The decoder throws {@link ImageProblem}.
 */
export async function createImageDecoder(options: ImageOptions): Promise<ImageDecoder> {
  checkOptions(options)
  // Loaded when the first picture is wanted, as it brings native code along.
  const { default: sharp } = await import('sharp')
  const { size, scale } = options
  const table = pixelTable(3, scale ?? null)
  const plane = size * size
  const open = (bytes: Uint8Array): Sharp =>
    sharp(bytes, { failOn: 'error', limitInputPixels: mostPixels, ignoreIcc: true })
  return async (bytes, target, offset) => {
    let pixels: Uint8Array
    try {
      pixels = await decodeBytes(open, bytes, options)
    } catch (error) {
      if (error instanceof ImageProblem) throw error
      throw new ImageProblem((error as Error).message.split('\n')[0], { cause: error })
    }
    for (let channel = 0; channel < 3; channel += 1) {
      for (let i = 0; i < plane; i += 1) {
        target[offset + channel * plane + i] = table[(channel << 8) | pixels[3 * i + channel]!]!
      }
    }
  }
}
