import { entriesOf } from '#learn/tasks'
import { batchBuffers, type Samples } from './samples.ts'

/** Mean and standard deviation (by n) of all features together and of each channel. */
export interface ChannelMoments {
  readonly mean: number
  readonly deviation: number
  /** Of each channel of an image; of each feature where there are few; else null. */
  readonly channels: readonly { readonly mean: number; readonly deviation: number }[] | null
}

/** Channels, or plain features, a card lists. */
const mostChannels = 64

/** Rows read at once, in numbers. */
const chunkEntries = 2 ** 20

/** Calls back with the features of rows, `count` of them at a time. */
export async function eachFeatureChunk(
  samples: Samples,
  rows: Uint32Array,
  visit: (values: ArrayLike<number>, count: number) => void,
): Promise<void> {
  const width = entriesOf(samples.features)
  const chunk = Math.max(1, Math.min(rows.length, Math.floor(chunkEntries / width)))
  const { features, targets } = batchBuffers(samples, chunk)
  for (let start = 0; start < rows.length; start += chunk) {
    const part = rows.subarray(start, start + chunk)
    await samples.read(part, features, targets)
    visit(features, part.length)
  }
}

/** Combines means and squared deviations of two parts, which neither cancels nor needs a second pass. */
class Moments {
  #count = 0
  #mean = 0
  #squares = 0

  add(values: ArrayLike<number>, from: number, to: number): void {
    let sum = 0
    for (let i = from; i < to; i += 1) sum += values[i]!
    const mean = sum / (to - from)
    let squares = 0
    for (let i = from; i < to; i += 1) squares += (values[i]! - mean) ** 2
    this.merge(to - from, mean, squares)
  }

  merge(count: number, mean: number, squares: number): void {
    const total = this.#count + count
    const step = mean - this.#mean
    this.#squares += squares + (step * step * this.#count * count) / total
    this.#mean += (step * count) / total
    this.#count = total
  }

  mergeInto(target: Moments): void {
    target.merge(this.#count, this.#mean, this.#squares)
  }

  get result(): { readonly mean: number; readonly deviation: number } {
    return { mean: this.#mean, deviation: Math.sqrt(this.#squares / this.#count) }
  }
}

/** Moments of the features over some rows, in float64. */
export async function measureMoments(samples: Samples, rows: Uint32Array): Promise<ChannelMoments> {
  const { features } = samples
  const width = entriesOf(features)
  const shape = features.kind === 'values' ? features.shape : [width]
  const channelCount = shape.length > 0 && shape[0]! <= mostChannels ? shape[0]! : 1
  const channels = Array.from({ length: channelCount }, () => new Moments())
  const size = width / channelCount
  await eachFeatureChunk(samples, rows, (values, count) => {
    for (let i = 0; i < count * channelCount; i += 1) {
      channels[i % channelCount]!.add(values, i * size, (i + 1) * size)
    }
  })
  const overall = new Moments()
  for (const channel of channels) channel.mergeInto(overall)
  return {
    ...overall.result,
    channels: channelCount === shape[0] ? channels.map(({ result }) => result) : null,
  }
}
