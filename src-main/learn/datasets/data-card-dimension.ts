import type { RandomStream } from '#base'
import { entriesOf } from '#learn/tasks'
import { eachFeatureChunk } from './data-card-moments.ts'
import { estimateIntrinsicDimension, type IntrinsicDimension } from './intrinsic-dimension.ts'
import { drawProjection, project } from './intrinsic-dimension-projection.ts'
import { chooseRows } from './sample-distinct.ts'
import type { Samples } from './samples.ts'

const mostRows = 2000
const mostCoordinates = 1024

/** Multiplications spent on inner products. */
const mostProducts = 6e8

/**
 * Measures the dimension of the features on a random subset of rows, as many as cost about a second
 * and 2,000 at most; more than 1,024 features are projected at random to 1,024.
 *
 * @param stream - Named for the purpose; nothing is drawn from it but through its forks.
 */
export async function sampleDimension(
  samples: Samples,
  stream: RandomStream,
): Promise<IntrinsicDimension | null> {
  const entries = entriesOf(samples.features)
  const width = Math.min(entries, mostCoordinates)
  const affordable = Math.floor(Math.sqrt((2 * mostProducts) / width))
  const rows = chooseRows(samples.count, Math.min(mostRows, affordable), stream.fork('rows'))
  const projection =
    width < entries ? drawProjection(entries, width, stream.fork('projection')) : null
  const values = new Float64Array(rows.length * width)
  let done = 0
  await eachFeatureChunk(samples, rows, (chunk, count) => {
    for (let i = 0; i < count; i += 1, done += 1) {
      const point = (chunk as Float32Array).subarray(i * entries, (i + 1) * entries)
      const target = values.subarray(done * width, (done + 1) * width)
      if (projection === null) target.set(point)
      else project(projection, point, target)
    }
  })
  return estimateIntrinsicDimension({ count: rows.length, width, values })
}
