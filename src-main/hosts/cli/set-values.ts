import { experimentSchema, joinPath } from '#shared/schemas'
import { UsageError } from './io.ts'

type Container = Record<string, unknown> | unknown[]

/** One `--set PATH=VALUE`. */
export interface Assignment {
  readonly path: readonly (string | number)[]
  readonly value: unknown
}

/**
 * Reads `train.batchSize=32` or `measure[0].top=5`; a value that is no JSON is a text.
 *
 * @throws UsageError naming the assignment.
 */
export function parseAssignment(text: string): Assignment {
  const equals = text.indexOf('=')
  const path = splitPath(text.slice(0, Math.max(0, equals)))
  if (equals < 1 || path === null) {
    throw new UsageError(
      `--set wants PATH=VALUE, e.g. train.batchSize=32 or measure[0].top=5, got ${text}`,
    )
  }
  const raw = text.slice(equals + 1)
  try {
    return { path, value: JSON.parse(raw) as unknown }
  } catch {
    return { path, value: raw }
  }
}

/**
 * A spec with values set. What is missing on the way to a key starts as the default's kind, so
 * `train.optimizer.learningRate` alone keeps the default optimizer, and a default list is there.
 */
export function applyAssignments(spec: unknown, assignments: readonly Assignment[]): unknown {
  if (assignments.length === 0) return spec
  const root: unknown = structuredClone(spec ?? {})
  if (!isContainer(root)) return spec // the schema will say that it is no object
  const defaults: unknown = experimentSchema.parse({})
  for (const assignment of assignments) assign(root, defaults, assignment)
  return root
}

function assign(root: Container, defaults: unknown, { path, value }: Assignment): void {
  let place = root
  let example = defaults
  for (const [depth, step] of path.slice(0, -1).entries()) {
    example = read(example, step)
    let next = read(place, step)
    if (!isContainer(next)) {
      next = fresh(example, path[depth + 1])
      write(place, step, next, path.slice(0, depth + 1))
    }
    place = next as Container
  }
  const last = path.at(-1)
  if (last !== undefined) write(place, last, value, path)
}

function fresh(example: unknown, nextStep: string | number | undefined): Container {
  if (typeof nextStep === 'number') {
    return Array.isArray(example) ? structuredClone(example as unknown[]) : []
  }
  const kind = read(example, 'kind')
  return kind === undefined || nextStep === 'kind' ? {} : { kind }
}

const isContainer = (value: unknown): value is Container =>
  typeof value === 'object' && value !== null

function read(value: unknown, step: string | number): unknown {
  return isContainer(value) && Object.hasOwn(value, step)
    ? (value as Record<string, unknown>)[step]
    : undefined
}

function write(
  place: Container,
  step: string | number,
  value: unknown,
  path: readonly (string | number)[],
): void {
  if (typeof step === 'number') {
    if (!Array.isArray(place) || step > place.length) {
      const size = Array.isArray(place) ? place.length : 0
      throw new UsageError(
        `--set ${joinPath(path)}: there is no such element; the list has ${String(size)}`,
      )
    }
    place[step] = value
  } else if (Array.isArray(place)) {
    throw new UsageError(`--set ${joinPath(path)}: a list wants an index, e.g. measure[0].${step}`)
  } else {
    place[step] = value
  }
}

function splitPath(text: string): (string | number)[] | null {
  if (!/^[A-Za-z]\w*(?:\[\d{1,4}\])*(?:\.[A-Za-z]\w*(?:\[\d{1,4}\])*)*$/.test(text)) return null
  return [...text.matchAll(/[A-Za-z]\w*|\d+/g)].map(([part]) =>
    /^\d/.test(part) ? Number(part) : part,
  )
}
