import { z } from 'zod'
import { experimentSchema } from './experiment.ts'
import { keysAt, pathsOf } from './key-paths.ts'
import { nameCost, nearestName } from './nearest.ts'

/** One thing that is wrong with a value: where, and in words that name the place again. */
export interface Problem {
  /** e.g. `train.batchSize`, `measure[0].top`; empty for the whole value. */
  readonly path: string
  readonly message: string
}

type Issue = z.core.$ZodIssue

/** What is wrong with an experiment spec: every bad key, with what was given and what is allowed. */
export const explainSpecError = (error: z.ZodError, input: unknown): Problem[] =>
  explainSchemaError(experimentSchema, error, input)

/**
 * What is wrong with a value that a schema refused, one entry a key, in the order of the schema.
 *
 * An unknown key is named with the nearest right one anywhere in the schema, or else with those
 * allowed at its place.
 */
export function explainSchemaError(
  schema: z.ZodType,
  error: z.ZodError,
  input: unknown,
): Problem[] {
  return error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => unknownKey(schema, [...issue.path, key], input))
      : [explainIssue(issue, input)],
  )
}

/** `['measure', 0, 'top']` as `measure[0].top`. */
export function joinPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${String(key)}]`
    return text === '' ? String(key) : `${text}.${String(key)}`
  }, '')
}

function explainIssue(issue: Issue, input: unknown): Problem {
  const path = joinPath(issue.path)
  const value = valueAt(input, issue.path)
  const subject = path === '' ? 'the value' : path
  if (issue.code === 'custom') return { path, message: `${subject} ${issue.message}` }
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) {
    // The issue lies on the discriminator's own path already.
    const names =
      'options' in issue && Array.isArray(issue.options)
        ? issue.options.filter((name) => name !== undefined)
        : []
    return { path, message: choiceMessage(subject, names, value) }
  }
  if (issue.code === 'invalid_value') {
    return { path, message: choiceMessage(subject, issue.values, value) }
  }
  return { path, message: `${subject} must ${allowed(issue)}, got ${show(value)}` }
}

function allowed(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `be ${typeNames[issue.expected] ?? issue.expected}`
    case 'too_small':
      return bound(
        issue.origin,
        issue.minimum,
        issue.inclusive === false ? 'more than' : 'at least',
      )
    case 'too_big':
      return bound(issue.origin, issue.maximum, issue.inclusive === false ? 'less than' : 'at most')
    default:
      return `be right (${issue.message})`
  }
}

function bound(origin: string, limit: number | bigint, relation: string): string {
  const plural = Number(limit) === 1 ? '' : 's'
  if (origin === 'array') return `have ${relation} ${String(limit)} element${plural}`
  if (origin === 'string') return `have ${relation} ${String(limit)} character${plural}`
  return `be ${relation} ${String(limit)}`
}

const typeNames: Readonly<Record<string, string>> = {
  int: 'an integer',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
}

function choiceMessage(subject: string, choices: readonly unknown[], value: unknown): string {
  const names = choices.map((choice) => (typeof choice === 'string' ? choice : show(choice)))
  const near = typeof value === 'string' ? nearestName(value, names) : null
  const hint = near === null ? '' : `; did you mean ${near}?`
  const rule = names.length === 1 ? `be ${names.join('')}` : `be one of ${names.join(', ')}`
  return `${subject} must ${rule}, got ${show(value)}${hint}`
}

function unknownKey(schema: z.ZodType, path: readonly PropertyKey[], input: unknown): Problem {
  const text = joinPath(path)
  const near = nearestPath(path, pathsOf(schema, input))
  if (near !== null) {
    return { path: text, message: `unknown key ${text}; did you mean ${joinPath(near)}?` }
  }
  const parent = joinPath(path.slice(0, -1))
  const place = parent === '' ? '' : ` in ${parent}`
  const keys = keysAt(schema, path.slice(0, -1), input).join(', ')
  return { path: text, message: `unknown key ${text}; allowed${place}: ${keys}` }
}

/** Compares last keys first; of equally near ones, the one whose place is most alike. */
function nearestPath(
  path: readonly PropertyKey[],
  candidates: readonly (readonly PropertyKey[])[],
): readonly PropertyKey[] | null {
  let best: readonly PropertyKey[] | null = null
  let bestCost = Infinity
  for (const candidate of candidates) {
    const wrongKey = nameCost(String(path.at(-1)), String(candidate.at(-1)))
    const cost = wrongKey + 0.1 * placeDistance(path, candidate)
    if (cost < bestCost) {
      best = candidate
      bestCost = cost
    }
  }
  return best
}

function placeDistance(a: readonly PropertyKey[], b: readonly PropertyKey[]): number {
  const placeA = a.slice(0, -1)
  const placeB = b.slice(0, -1)
  let shared = 0
  while (shared < placeA.length && placeA[shared] === placeB[shared]) shared += 1
  return placeA.length + placeB.length - 2 * shared
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<PropertyKey, unknown>)[key]
        : undefined,
    input,
  )
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  // JSON has no NaN and no infinities.
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
