import { applyAssignments, parseKeyPath } from './assignments.ts'
import type { ExperimentSpec } from './experiment.ts'

/** A value as it stands in the name of a run: `64`, `[64,64]`, `kfac`. */
function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'kind' in value) return String(value.kind)
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/**
 * The specs of a sweep: one for each combination of a value an axis, the last axis changing fastest; the spec itself if
 * it has no axes. Each is a whole spec without a sweep, and says in its name where it stands.
 *
 * @param input - As given, unresolved: a key that is set takes its place before defaults are filled in.
 * @returns Inputs, to be checked like any spec.
 * @throws Error if a path points nowhere; the schema has checked that it is a path.
 */
export function expandSweep(input: unknown, { sweep, name }: ExperimentSpec): unknown[] {
  const axes = Object.entries(sweep)
  if (axes.length === 0) return [input]
  let combinations: { readonly key: string; readonly value: unknown }[][] = [[]]
  for (const [key, values] of axes) {
    combinations = combinations.flatMap((chosen) =>
      values.map((value) => [...chosen, { key, value }]),
    )
  }
  return combinations.map((chosen) => {
    const place = chosen.map(({ key, value }) => `${key.split('.').at(-1) ?? key} ${shown(value)}`)
    return applyAssignments(input, [
      ...chosen.map(({ key, value }) => ({ path: parseKeyPath(key) ?? [], value })),
      { path: ['name'], value: `${name}: ${place.join(', ')}`.slice(0, 120) },
      { path: ['sweep'], value: {} },
    ])
  })
}
