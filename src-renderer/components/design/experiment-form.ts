import { experimentJsonSchema } from '#shared/contract'
import { draftOf, isDraftOf, valueOf, type GroupDraft } from './draft.ts'
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
    return isDraftOf(form, stored) ? (stored as GroupDraft) : freshDraft(form)
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

/** The form's value, to be checked and sent. */
export const formValue = (form: GroupField, draft: GroupDraft): unknown => valueOf(form, draft)

/** A part of the page. */
export interface FormSection {
  readonly title: string
  readonly fields: readonly Field[]
}

/**
 * The form in the order a person thinks in, in two columns: what and on which data; how it learns and
 * what to measure.
 */
export function formColumns(form: GroupField): readonly (readonly FormSection[])[] {
  const named = ['name', 'seeds', 'data', 'model', 'train', 'measure', 'measureSamples']
  const section = (title: string, ...keys: string[]): FormSection => ({
    title,
    fields: form.fields.filter((field) => keys.includes(field.key)),
  })
  // A sweep is written in JSON: its keys are any of the others.
  const others = form.fields.filter(({ key }) => !named.includes(key) && key !== 'sweep')
  return [
    [section('Experiment', 'name', 'seeds'), section('Data', 'data'), section('Model', 'model')],
    [
      section('Training', 'train'),
      section('Measurements', 'measure', 'measureSamples'),
      ...(others.length > 0 ? [{ title: 'More', fields: others }] : []),
    ],
  ]
}
