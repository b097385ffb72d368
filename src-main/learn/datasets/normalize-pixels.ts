import { ShapeError } from '#base'
import { checkPixelScale, type PixelScale } from './pixel-scale.ts'
import type { Samples } from './samples.ts'

/** Channels and pixels of samples that are pictures. */
export function pictureShape({ features }: Samples): readonly [number, number, number] {
  const shape = features.kind === 'values' ? features.shape : [features.length]
  const [channels = 0, height = 0, width = 0] = shape
  if (features.kind === 'values' && shape.length === 3) return [channels, height, width]
  throw new ShapeError('features', '[channels, height, width]', shape)
}

/**
 * Shifts and scales each channel of pictures: (value − mean) / std. A view.
 *
 * Cost: an operation a value wherever rows are read.
 *
 * @param scale - For the values as they are, e.g. `pixelScales['cifar-10']` for pixels in [0, 1].
 * @throws ShapeError if the features are not `[channels, height, width]`.
 * @throws InputError if the scale is not one number a channel, or a deviation is not positive.
 */
export function normalizePixels(samples: Samples, scale: PixelScale): Samples {
  const [channels, height, width] = pictureShape(samples)
  checkPixelScale(scale, channels)
  const plane = height * width
  const { mean, std } = scale
  return {
    ...samples,
    read: async (rows, features, targets) => {
      await samples.read(rows, features, targets)
      for (let i = 0; i < rows.length * channels; i += 1) {
        const shift = mean[i % channels]!
        const deviation = std[i % channels]!
        for (let at = i * plane; at < (i + 1) * plane; at += 1) {
          features[at] = (features[at]! - shift) / deviation
        }
      }
    },
  }
}
