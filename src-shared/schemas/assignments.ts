import { experimentSchema } from './experiment.ts'
import { joinPath } from './explain.ts'

type Container = Record<string, unknown> | unknown[]

/** A value for one key of a spec. */
export interface Assignment {
  readonly path: readonly (string | number)[]
  readonly value: unknown
}

/** A spec is JSON. */
const copyJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/** An assignment that points nowhere. */
export class AssignmentError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'AssignmentError'
  }
}

/** The steps of a path like `train.batchSize` or `measure[0].top`; null if it is none. */
export function parseKeyPath(text: string): (string | number)[] | null {
  if (!/^[A-Za-z]\w*(?:\[\d{1,4}\])*(?:\.[A-Za-z]\w*(?:\[\d{1,4}\])*)*$/.test(text)) return null
  return [...text.matchAll(/[A-Za-z]\w*|\d+/g)].map(([part]) =>
    /^\d/.test(part) ? Number(part) : part,
  )
}

/**
 * A spec with values set. What is missing on the way to a key starts as the default's kind, so
 * `train.optimizer.learningRate` alone keeps the default optimizer, and a default list is there. Another `kind` drops
 * the keys of the one before.
 *
 * @throws AssignmentError if a path points nowhere.
 */
export function applyAssignments(spec: unknown, assignments: readonly Assignment[]): unknown {
  if (assignments.length === 0) return spec
  const root = copyJson(spec ?? {})
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
    return Array.isArray(example) ? (copyJson(example) as unknown[]) : []
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
      throw new AssignmentError(
        `${joinPath(path)}: there is no such element; the list has ${String(size)}`,
      )
    }
    place[step] = value
  } else if (Array.isArray(place)) {
    throw new AssignmentError(`${joinPath(path)}: a list wants an index, e.g. measure[0].${step}`)
  } else {
    // Another kind has other keys.
    if (step === 'kind' && place['kind'] !== undefined && place['kind'] !== value) {
      for (const key of Object.keys(place)) Reflect.deleteProperty(place, key)
    }
    place[step] = value
  }
}
