import { invariant } from '#base'
import { pixelTable, type PixelScale } from './pixel-scale.ts'
import type { Samples } from './samples.ts'

/**
 * Labelled pictures that lie in memory as bytes, a quarter of what float32 takes; they become float32 as
 * they are read.
 *
 * @param options.parts - Pictures one after another, `[…, channels, height, width]`, each part of whole ones.
 * @param options.labels - `[count]`, trusted to be in 0…classCount − 1.
 * @param options.shape - `[channels, height, width]`.
 * @param options.scale - Null divides by 255; trusted, see `checkPixelScale`.
 */
export function pixelSamples(options: {
  readonly parts: readonly Uint8Array[]
  readonly labels: Int32Array
  readonly classCount: number
  readonly shape: readonly [number, number, number]
  readonly scale: PixelScale | null
}): Samples {
  const { parts, labels, classCount, shape, scale } = options
  const [channels, height, width] = shape
  const plane = height * width
  const size = channels * plane
  const firsts: number[] = []
  let count = 0
  for (const part of parts) {
    firsts.push(count)
    count += part.length / size
  }
  invariant(count === labels.length, 'pictures and labels differ in number')
  const table = pixelTable(channels, scale)
  return {
    features: { kind: 'values', shape },
    targets: { kind: 'classes', count: classCount, perSample: 1 },
    count,
    labels,
    read: (rows, features, targets) => {
      for (let i = 0; i < rows.length; i += 1) {
        const row = rows[i]!
        const index = firsts.findLastIndex((first) => first <= row)
        const part = parts[index]!
        let from = (row - firsts[index]!) * size
        let to = i * size
        for (let channel = 0; channel < channels; channel += 1) {
          for (const end = from + plane; from < end; from += 1, to += 1) {
            features[to] = table[(channel << 8) | part[from]!]!
          }
        }
        targets[i] = labels[row]!
      }
      return Promise.resolve()
    },
  }
}
