import { InputError } from '#base'

/** Mean and standard deviation of each channel, for pixels in [0, 1]. */
export interface PixelScale {
  readonly mean: readonly number[]
  readonly std: readonly number[]
}

/**
 * Channel statistics of known training sets, for pixels in [0, 1]; the deviation is over all pixels.
 *
 * @see Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009), for the CIFAR sets
 * @see PyTorch, torchvision.models, for ImageNet
 */
export const pixelScales = {
  'cifar-10': { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  'cifar-100': { mean: [0.5071, 0.4865, 0.4409], std: [0.2673, 0.2564, 0.2762] },
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
} as const satisfies { readonly [name: string]: PixelScale }

/**
 * Checks a scale against the channels it is for.
 *
 * @throws InputError if it has not one number a channel, or a deviation is not positive.
 */
export function checkPixelScale({ mean, std }: PixelScale, channels: number): void {
  for (const [key, values] of Object.entries({ mean, std })) {
    const isRight = (value: number) => Number.isFinite(value) && (key === 'mean' || value > 0)
    if (values.length === channels && values.every(isRight)) continue
    const wanted = key === 'mean' ? 'finite' : 'positive'
    throw new InputError(
      key,
      `${key} must be ${channels} ${wanted} numbers, one a channel, got [${values.join(', ')}]`,
    )
  }
}

/**
 * What each byte of each channel becomes: byte / 255, or (byte / 255 − mean) / std.
 *
 * @returns `[channels, 256]`, computed in float64.
 */
export function pixelTable(channels: number, scale: PixelScale | null): Float32Array {
  const table = new Float32Array(channels * 256)
  for (let i = 0; i < table.length; i += 1) {
    const channel = i >> 8
    const value = (i & 255) / 255
    table[i] = scale === null ? value : (value - scale.mean[channel]!) / scale.std[channel]!
  }
  return table
}
