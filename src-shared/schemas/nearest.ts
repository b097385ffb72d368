/**
 * Edits (insert, delete, replace, swap of neighbours) that turn one text into another.
 *
 * Optimal string alignment; O(a·b) time.
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const isEqual = a[i - 1] === b[j - 1]
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (isEqual ? 0 : 1))
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (isSwap) cost = Math.min(cost, at(beforeLast, j - 2) + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

/**
 * The candidate that a mistyped name most likely means; null if none is near.
 *
 * Near: a third of its letters wrong at most, case ignored, or one is the start of the other.
 */
export function nearestName(name: string, candidates: readonly string[]): string | null {
  let best: string | null = null
  let bestCost = Infinity
  for (const candidate of candidates) {
    const cost = nameCost(name, candidate)
    if (cost < bestCost) {
      best = candidate
      bestCost = cost
    }
  }
  return best
}

/** How far a candidate is from a mistyped name; Infinity if it is too far to be meant. */
export function nameCost(name: string, candidate: string): number {
  const given = name.slice(0, 80).toLowerCase()
  const wanted = candidate.toLowerCase()
  const cost = editDistance(given, wanted)
  if (cost <= Math.max(1, Math.ceil(wanted.length / 3))) return cost
  const isStart = given.length >= 3 && (wanted.startsWith(given) || given.startsWith(wanted))
  return isStart ? cost : Infinity
}

const at = (row: readonly number[], index: number): number => row[index] ?? Infinity
