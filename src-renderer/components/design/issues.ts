import { formatCount, formatNumber } from '#shared/figures'
import { experimentSchema, type ExperimentSpec } from '#shared/schemas'
import type { Field, NumberRange } from './fields.ts'

/** What is wrong at one field; `path` is that of the field, as in `train.optimizer.learningRate`. */
export interface FieldIssue {
  readonly path: string
  readonly title: string
  readonly message: string
  /** Nothing was entered where something has to be: no fault before a person wants to send. */
  readonly isMissing: boolean
}

export type CheckedSpec =
  | { readonly spec: ExperimentSpec; readonly issues: readonly [] }
  | { readonly spec: null; readonly issues: readonly FieldIssue[] }

const number = (value: number): string =>
  Number.isInteger(value) ? formatCount(value) : formatNumber(value, 12)

/** `in 1…200`, `above 0 and at most 1`. */
export function rangeText({ minimum, maximum, isOpenBelow, isOpenAbove }: NumberRange): string {
  if (minimum !== null && maximum !== null && !isOpenBelow && !isOpenAbove) {
    return `in ${number(minimum)}…${number(maximum)}`
  }
  const parts = [
    ...(minimum === null ? [] : [`${isOpenBelow ? 'above' : 'at least'} ${number(minimum)}`]),
    ...(maximum === null ? [] : [`${isOpenAbove ? 'below' : 'at most'} ${number(maximum)}`]),
  ]
  return parts.join(' and ')
}

const got = (value: unknown): string =>
  value === '' || value === undefined ? 'got nothing' : `got ${JSON.stringify(value)}`

function ruleOf(field: Field, isMissing: boolean): string | null {
  switch (field.type) {
    case 'number':
    case 'numbers': {
      const noun = field.isInteger ? 'a whole number' : 'a number'
      const range = rangeText(field.range)
      const each = field.type === 'numbers' ? 'each must be' : 'must be'
      return `${each} ${noun}${range === '' ? '' : ` ${range}`}`
    }
    case 'text':
      return field.maxLength === null || isMissing
        ? 'must not be empty'
        : `must be ${String(field.minLength)} to ${String(field.maxLength)} characters long`
    case 'texts':
      return `each must be at most ${String(field.maxLength)} characters long`
    case 'choice':
      return `must be one of ${field.options.join(', ')}`
    default:
      return null
  }
}

/** The rule of a list's length, where its own length and not an item is wrong. */
function lengthRule(field: Field): string | null {
  if (field.type === 'numbers') {
    const most = field.maxItems === null ? '' : ` and at most ${String(field.maxItems)}`
    return `must list at least ${String(field.minItems)}${most} numbers`
  }
  if (field.type === 'texts') return `must list at most ${String(field.maxItems)}`
  return field.type === 'list' && field.maxItems !== null
    ? `must be at most ${String(field.maxItems)}`
    : null
}

interface Found {
  readonly field: Field
  readonly path: readonly string[]
  /** Whether the issue is inside the field's value, as an item of a list of numbers. */
  readonly isInside: boolean
}

/** The control that a path of the spec belongs to. */
function locate(
  field: Field,
  path: readonly string[],
  value: unknown,
  walked: string[] = [],
): Found {
  const [key, ...rest] = path
  const here: Found = { field, path: walked, isInside: key !== undefined }
  if (key === undefined) return here
  const inner = (value as Record<string, unknown> | null | undefined)?.[key]
  if (field.type === 'group') {
    const child = field.fields.find((candidate) => candidate.key === key)
    return child === undefined ? here : locate(child, rest, inner, [...walked, key])
  }
  if (field.type === 'variant') {
    const kind = (value as { kind?: unknown } | undefined)?.kind
    const chosen = field.variants.find((variant) => variant.kind === kind)
    return chosen === undefined ? here : locate(chosen.group, path, value, walked)
  }
  return field.type === 'list' ? locate(field.item, rest, inner, [...walked, key]) : here
}

const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (inner, key) => (inner as Record<string, unknown> | null | undefined)?.[key],
    value,
  )

/** Checks a value against the experiment's schema and says what is wrong at which control, one message a control. */
export function checkSpec(form: Field, value: unknown): CheckedSpec {
  const result = experimentSchema.safeParse(value)
  if (result.success) return { spec: result.data, issues: [] }
  const byPath = new Map<string, FieldIssue>()
  for (const issue of result.error.issues) {
    const path = issue.path.map(String)
    const { field, path: fieldPath, isInside } = locate(form, path, value)
    const key = fieldPath.join('.')
    const given = at(value, path)
    const isMissing = given === '' || given === undefined
    const rule =
      issue.code === 'custom'
        ? null
        : (field.type === 'numbers' || field.type === 'texts') && !isInside
          ? lengthRule(field)
          : field.type === 'list'
            ? lengthRule(field)
            : ruleOf(field, isMissing)
    const message = rule === null ? issue.message : `${rule}, ${got(given)}`
    if (!byPath.has(key)) byPath.set(key, { path: key, title: field.title, message, isMissing })
  }
  return { spec: null, issues: [...byPath.values()] }
}
