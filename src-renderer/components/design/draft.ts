import type { Field, GroupField, VariantField } from './fields.ts'

/**
 * What a person has typed, as typed: numbers stay text until they are sent, so that `1e-` is no error
 * while `1e-3` is on its way. Plain JSON, so that it can be kept.
 */
export type Draft = string | boolean | GroupDraft | VariantDraft | readonly VariantDraft[]

export interface GroupDraft {
  readonly [key: string]: Draft
}

/** A choice among kinds; what was typed for the other kinds is kept. */
export interface VariantDraft {
  readonly kind: string
  readonly groups: Readonly<Record<string, GroupDraft>>
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''

/** The draft that stands for a value; what the value leaves out is filled from the schema. */
export function draftOf(field: Field, value: unknown): Draft {
  const given = value ?? field.initial
  switch (field.type) {
    case 'number':
    case 'text':
      return textOf(given)
    case 'choice':
      return textOf(given) || (field.options[0] ?? '')
    case 'switch':
      return given === true
    case 'numbers':
    case 'texts':
      return Array.isArray(given) ? given.map(textOf).join(', ') : textOf(given)
    case 'group':
      return groupDraft(field, given)
    case 'variant':
      return variantDraft(field, given)
    case 'list':
      return (Array.isArray(given) ? given : []).map((item) => variantDraft(field.item, item))
  }
}

/** Whether a draft stands for what the schema fills in, so that nothing was chosen there. */
export const isUntouched = (field: Field, draft: Draft): boolean =>
  JSON.stringify(valueOf(field, draft)) === JSON.stringify(valueOf(field, draftOf(field, null)))

/** Whether something that was stored is a draft of a field as the field is now. */
export function isDraftOf(field: Field, stored: unknown): stored is Draft {
  switch (field.type) {
    case 'number':
    case 'numbers':
    case 'text':
    case 'texts':
      return typeof stored === 'string'
    case 'choice':
      return typeof stored === 'string' && field.options.includes(stored)
    case 'switch':
      return typeof stored === 'boolean'
    case 'group':
      return isGroupDraft(field, stored)
    case 'variant':
      return isVariantDraft(field, stored)
    case 'list':
      return Array.isArray(stored) && stored.every((item) => isVariantDraft(field.item, item))
  }
}

const isGroupDraft = (field: GroupField, stored: unknown): boolean =>
  isRecord(stored) && field.fields.every((child) => isDraftOf(child, stored[child.key]))

function isVariantDraft({ variants }: VariantField, stored: unknown): boolean {
  if (!isRecord(stored) || !isRecord(stored['groups'])) return false
  const { kind, groups } = stored as { kind: unknown; groups: Record<string, unknown> }
  return (
    variants.some((variant) => variant.kind === kind) &&
    variants.every((variant) => isGroupDraft(variant.group, groups[variant.kind]))
  )
}

function groupDraft(field: GroupField, value: unknown): GroupDraft {
  const given = isRecord(value) ? value : {}
  return Object.fromEntries(
    field.fields.map((child) => [child.key, draftOf(child, given[child.key])]),
  )
}

function variantDraft(field: VariantField, value: unknown): VariantDraft {
  const kind = isRecord(value) ? (value['kind'] ?? field.silentKind) : null
  const chosen = field.variants.find((variant) => variant.kind === kind) ?? field.variants[0]
  return {
    kind: chosen?.kind ?? '',
    groups: Object.fromEntries(
      field.variants.map(({ kind: name, group }) => [
        name,
        groupDraft(group, name === kind ? value : undefined),
      ]),
    ),
  }
}

/** What was typed in a list. */
const partsOf = (draft: Draft): string[] =>
  textOf(draft)
    .split(/[\s,;]+/)
    .filter((part) => part !== '')

/** A number if the text is one, else the text itself, which the schema then refuses. */
function numberFrom(text: string): number | string {
  const plain = text.trim().replaceAll('−', '-')
  const value = Number(plain)
  return plain === '' || Number.isNaN(value) ? text.trim() : value
}

/** The value a draft stands for, as the schema takes it in. */
export function valueOf(field: Field, draft: Draft): unknown {
  switch (field.type) {
    case 'number':
      return field.isOptional && textOf(draft).trim() === '' ? undefined : numberFrom(textOf(draft))
    case 'numbers':
      return partsOf(draft).map(numberFrom)
    case 'texts': {
      const parts = partsOf(draft)
      return field.isOptional && parts.length === 0 ? undefined : parts
    }
    case 'text':
      return field.isOptional && draft === '' ? undefined : draft
    case 'choice':
    case 'switch':
      return draft
    case 'group':
      return groupValue(field, draft as GroupDraft)
    case 'variant':
      return variantValue(field, draft as VariantDraft)
    case 'list':
      return (draft as readonly VariantDraft[]).map((item) => variantValue(field.item, item))
  }
}

function groupValue(field: GroupField, draft: GroupDraft): Record<string, unknown> {
  const entries = field.fields.flatMap((child) => {
    const value = valueOf(child, draft[child.key] ?? '')
    return value === undefined ? [] : [[child.key, value] as const]
  })
  return { ...field.constants, ...Object.fromEntries(entries) }
}

function variantValue(field: VariantField, draft: VariantDraft): unknown {
  const chosen = field.variants.find(({ kind }) => kind === draft.kind)
  return chosen === undefined ? {} : groupValue(chosen.group, draft.groups[draft.kind] ?? {})
}
