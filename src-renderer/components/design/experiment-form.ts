import { experimentJsonSchema } from '#shared/contract'
import type { Draft, GroupDraft } from './draft.ts'
import { draftOf, valueOf } from './draft.ts'
import { fieldFrom, type Field, type GroupField, type SchemaNode } from './fields.ts'

/** The form of an experiment. */
export function experimentForm(): GroupField {
  const form = fieldFrom('experiment', experimentJsonSchema() as SchemaNode)
  if (form.type !== 'group') throw new Error('internal: an experiment is not an object')
  return form
}

/** A draft with every default filled in. */
export const freshDraft = (form: GroupField): GroupDraft => draftOf(form, {}) as GroupDraft

const key = 'saddle.draft'

/** The draft kept from last time; a fresh one if there is none or it is of another shape. */
export function loadDraft(form: GroupField, storage: Storage = localStorage): GroupDraft {
  try {
    const stored: unknown = JSON.parse(storage.getItem(key) ?? '{}')
    return fits(freshDraft(form), stored) ? stored : freshDraft(form)
  } catch {
    return freshDraft(form)
  }
}

export function saveDraft(draft: GroupDraft, storage: Storage = localStorage): void {
  storage.setItem(key, JSON.stringify(draft))
}

export function forgetDraft(storage: Storage = localStorage): void {
  storage.removeItem(key)
}

/** Whether a stored draft has the keys and kinds of a fresh one. */
function fits<T extends Draft>(fresh: T, stored: unknown): stored is T {
  if (Array.isArray(fresh)) return Array.isArray(stored)
  if (typeof fresh !== 'object') return typeof stored === typeof fresh
  if (typeof stored !== 'object' || stored === null) return false
  return Object.entries(fresh).every(([name, inner]: [string, Draft]) =>
    fits(inner, (stored as Record<string, unknown>)[name]),
  )
}

/** The form's value, to be checked and sent. */
export const formValue = (form: GroupField, draft: GroupDraft): unknown => valueOf(form, draft)

/** The form in the order a person thinks in: what, on which data, how, and what to measure. */
export function formSections(
  form: GroupField,
): readonly { readonly title: string; readonly fields: readonly Field[] }[] {
  const pick = (...keys: string[]): Field[] =>
    form.fields.filter((field) => keys.includes(field.key))
  const named = ['name', 'seeds', 'data', 'model', 'train', 'measure']
  const others = form.fields.filter((field) => !named.includes(field.key))
  return [
    { title: 'Experiment', fields: pick('name', 'seeds') },
    { title: 'Data', fields: pick('data') },
    { title: 'Model', fields: pick('model') },
    { title: 'Training', fields: pick('train') },
    { title: 'Measurements', fields: pick('measure') },
    ...(others.length > 0 ? [{ title: 'More', fields: others }] : []),
  ]
}
