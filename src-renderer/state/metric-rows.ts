import type { MetricRow } from '#shared/schemas'

/**
 * Adds rows in step order; a row of a step already there replaces it, since a resumed run repeats
 * the steps after its checkpoint.
 */
export function mergeMetricRows(
  rows: readonly MetricRow[],
  incoming: readonly MetricRow[],
): readonly MetricRow[] {
  const first = incoming[0]
  if (first === undefined) return rows
  const last = rows.at(-1)
  const isSorted = incoming.every((row, i) => i === 0 || row.step > (incoming[i - 1]?.step ?? -1))
  if (isSorted && (last === undefined || first.step > last.step)) return [...rows, ...incoming]
  const byStep = new Map([...rows, ...incoming].map((row) => [row.step, row]))
  return [...byStep.values()].sort((a, b) => a.step - b.step)
}
