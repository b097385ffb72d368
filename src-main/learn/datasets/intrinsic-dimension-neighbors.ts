/** Points as rows, `[count, width]`. */
export interface Points {
  readonly count: number
  readonly width: number
  readonly values: Float64Array
}

/** For each point the nearest other points. */
export interface Neighbors {
  readonly perPoint: number
  /** `[count, perPoint]`, nearest first. */
  readonly indices: Uint32Array
  /** `[count, perPoint]`, rising. */
  readonly distances: Float64Array
}

/** The points that differ from all before them. */
export function dropDuplicates({ count, width, values }: Points): Points {
  const kept = new Float64Array(values.length)
  const seen = new Set<string>()
  for (let i = 0; i < count; i += 1) {
    const row = values.subarray(i * width, (i + 1) * width)
    // −0 and 0 are one number but not the same bytes.
    const bytes = new Uint8Array(row.map((value) => value + 0).buffer)
    const key = Buffer.from(bytes.buffer).toString('latin1')
    if (seen.has(key)) continue
    kept.set(row, seen.size * width)
    seen.add(key)
  }
  return { count: seen.size, width, values: kept.slice(0, seen.size * width) }
}

/** The points around their mean. */
export function centerPoints({ count, width, values }: Points): Points {
  const mean = new Float64Array(width)
  for (let i = 0; i < values.length; i += 1) mean[i % width]! += values[i]! / count
  return { count, width, values: values.map((value, i) => value - mean[i % width]!) }
}

/** All inner products, `[count, count]`, symmetric. Cost: count²·width/2 multiplications. */
export function innerProducts({ count, width, values }: Points): Float64Array {
  const gram = new Float64Array(count * count)
  const write = (i: number, j: number, value: number) => {
    if (i >= count || j >= count) return
    gram[i * count + j] = value
    gram[j * count + i] = value
  }
  // Two by two, so that each number loaded is used twice. A row beyond the end repeats the last.
  for (let i = 0; i < count; i += 2) {
    const a = i * width
    const b = Math.min(i + 1, count - 1) * width
    for (let j = i; j < count; j += 2) {
      const c = j * width
      const d = Math.min(j + 1, count - 1) * width
      let ac = 0
      let ad = 0
      let bc = 0
      let bd = 0
      for (let k = 0; k < width; k += 1) {
        const left = values[a + k]!
        const right = values[b + k]!
        const up = values[c + k]!
        const down = values[d + k]!
        ac += left * up
        ad += left * down
        bc += right * up
        bd += right * down
      }
      write(i, j, ac)
      write(i, j + 1, ad)
      write(i + 1, j, bc)
      write(i + 1, j + 1, bd)
    }
  }
  return gram
}

function squaredDistance({ width, values }: Points, i: number, j: number): number {
  let sum = 0
  for (let k = 0; k < width; k += 1) sum += (values[i * width + k]! - values[j * width + k]!) ** 2
  return sum
}

/**
 * The nearest other points of each: chosen by ‖x‖² + ‖y‖² − 2⟨x, y⟩, then measured as ‖x − y‖, which
 * does not cancel.
 *
 * @param gram - By {@link innerProducts}.
 * @param perPoint - Below the count of points.
 */
export function nearestNeighbors(points: Points, gram: Float64Array, perPoint: number): Neighbors {
  const { count } = points
  const indices = new Uint32Array(count * perPoint)
  const distances = new Float64Array(count * perPoint)
  const keys = new Float64Array(perPoint)
  for (let i = 0; i < count; i += 1) {
    const found = indices.subarray(i * perPoint, (i + 1) * perPoint)
    keys.fill(Infinity)
    for (let j = 0; j < count; j += 1) {
      if (j === i) continue
      const key = gram[j * count + j]! - 2 * gram[i * count + j]!
      if (key >= keys[perPoint - 1]!) continue
      let at = perPoint - 1
      for (; at > 0 && keys[at - 1]! > key; at -= 1) {
        keys[at] = keys[at - 1]!
        found[at] = found[at - 1]!
      }
      keys[at] = key
      found[at] = j
    }
    const exact = Array.from(found, (j) => ({ j, square: squaredDistance(points, i, j) }))
    exact.sort((a, b) => a.square - b.square || a.j - b.j)
    exact.forEach(({ j, square }, rank) => {
      found[rank] = j
      distances[i * perPoint + rank] = Math.sqrt(square)
    })
  }
  return { perPoint, indices, distances }
}
