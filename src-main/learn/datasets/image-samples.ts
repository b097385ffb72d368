import { invariant } from '#base'
import {
  createImageDecoder,
  decodersAtOnce,
  ImageProblem,
  type ImageOptions,
} from './image-decode.ts'
import type { Samples } from './samples.ts'

/** Encoded pictures by number. */
export interface ImageStore {
  /** Bytes of a picture. */
  fetch(row: number): Promise<Uint8Array>
  /** The error that tells where a picture lies. */
  refuse(row: number, problem: string): Error
}

/**
 * Does `work` for 0…count − 1, some at a time, and waits for all that was begun.
 *
 * @throws Of several errors that of the smallest number, so that equal input gives equal errors.
 */
async function forEachLimited(count: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  let failed = count
  let failure: unknown = null
  const worker = async (): Promise<void> => {
    while (next < count && failed === count) {
      const i = next
      next += 1
      try {
        await work(i)
      } catch (error) {
        if (i > failed) continue
        failed = i
        failure = error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(decodersAtOnce, count) }, worker))
  if (failed < count) throw failure
}

/**
 * Labelled pictures that are decoded when they are read, a few at a time. Memory: those, and the labels.
 *
 * @param options.labels - `[count]`, trusted to be in 0…classCount − 1.
 * @throws InputError if an option is out of range. Reading throws what the store refuses with.
 */
export async function imageSamples(options: {
  readonly store: ImageStore
  readonly labels: Int32Array
  readonly classCount: number
  readonly image: ImageOptions
}): Promise<Samples> {
  const { store, labels, classCount, image } = options
  const decode = await createImageDecoder(image)
  const shape = [3, image.size, image.size]
  const width = 3 * image.size * image.size
  return {
    features: { kind: 'values', shape },
    targets: { kind: 'classes', count: classCount, perSample: 1 },
    count: labels.length,
    labels,
    read: (rows, features, targets) => {
      invariant(features instanceof Float32Array, 'pictures are float32')
      return forEachLimited(rows.length, async (i) => {
        const row = rows[i]!
        targets[i] = labels[row]!
        const bytes = await store.fetch(row)
        try {
          await decode(bytes, features, i * width)
        } catch (error) {
          if (!(error instanceof ImageProblem)) throw error
          throw store.refuse(row, `cannot decode picture: ${error.message}`)
        }
      })
    },
  }
}
