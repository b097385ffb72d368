/** A part of the form; which kind decides how it is drawn and what a draft of it looks like. */
export type Field =
  | NumberField
  | TextField
  | ChoiceField
  | SwitchField
  | NumberListField
  | TextListField
  | GroupField
  | VariantField
  | ListField

interface FieldBase {
  readonly key: string
  readonly title: string
  readonly hint: string
  readonly isOptional: boolean
  /** Whether it is out of sight until it is asked for or filled. */
  readonly isAdvanced: boolean
  /** What the schema fills in; undefined if a person has to. */
  readonly initial: unknown
}
export interface NumberField extends FieldBase {
  readonly type: 'number'
  readonly isInteger: boolean
  readonly range: NumberRange
}
export interface TextField extends FieldBase {
  readonly type: 'text'
  readonly maxLength: number | null
  readonly minLength: number
}
export interface ChoiceField extends FieldBase {
  readonly type: 'choice'
  readonly options: readonly string[]
}
export interface SwitchField extends FieldBase {
  readonly type: 'switch'
}
export interface NumberListField extends FieldBase {
  readonly type: 'numbers'
  readonly isInteger: boolean
  readonly range: NumberRange
  readonly minItems: number
  readonly maxItems: number | null
}
export interface TextListField extends FieldBase {
  readonly type: 'texts'
  /** Of each text. */
  readonly maxLength: number | null
  readonly maxItems: number | null
}
export interface GroupField extends FieldBase {
  readonly type: 'group'
  readonly fields: readonly Field[]
  /** Keys with a single allowed value, e.g. `version`. */
  readonly constants: Record<string, unknown>
}
export interface VariantField extends FieldBase {
  readonly type: 'variant'
  /** The kind of a value that names none; null if each has to. */
  readonly silentKind: string | null
  readonly variants: readonly { readonly kind: string; readonly group: GroupField }[]
}
export interface ListField extends FieldBase {
  readonly type: 'list'
  readonly item: VariantField
  readonly maxItems: number | null
}

/** Bounds of a number; `isOpenBelow`: the lower bound itself is not allowed. */
export interface NumberRange {
  readonly minimum: number | null
  readonly maximum: number | null
  readonly isOpenBelow: boolean
  readonly isOpenAbove: boolean
}

/** JSON Schema as far as Zod writes it for a spec. */
export interface SchemaNode {
  readonly type?: string
  readonly title?: string
  readonly description?: string
  /** Ours: seldom changed. */
  readonly advanced?: boolean
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Record<string, SchemaNode>
  readonly required?: readonly string[]
  readonly oneOf?: readonly SchemaNode[]
  readonly items?: SchemaNode
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
}

const titleFromKey = (key: string): string => {
  const words = key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function rangeOf(node: SchemaNode): NumberRange {
  // Zod bounds an integer by the safe range if nothing else does; that is no news to a person.
  const known = (bound: number | undefined): number | null =>
    bound === undefined || Math.abs(bound) === Number.MAX_SAFE_INTEGER ? null : bound
  return {
    minimum: known(node.exclusiveMinimum ?? node.minimum),
    maximum: known(node.exclusiveMaximum ?? node.maximum),
    isOpenBelow: node.exclusiveMinimum !== undefined,
    isOpenAbove: node.exclusiveMaximum !== undefined,
  }
}

function groupFrom(node: SchemaNode, base: FieldBase): GroupField {
  const properties = Object.entries(node.properties ?? {})
  return {
    ...base,
    type: 'group',
    fields: properties
      .filter(([, child]) => child.const === undefined)
      .map(([key, child]) => fieldFrom(key, child, !(node.required ?? []).includes(key))),
    constants: Object.fromEntries(
      properties.flatMap(([key, child]) => (child.const === undefined ? [] : [[key, child.const]])),
    ),
  }
}

function variantFrom(node: SchemaNode, base: FieldBase): VariantField {
  const variants = (node.oneOf ?? []).map((option) => {
    const kind = String(option.properties?.['kind']?.const)
    return {
      kind,
      group: groupFrom(option, {
        key: kind,
        title: option.title ?? titleFromKey(kind),
        hint: option.description ?? '',
        isOptional: false,
        isAdvanced: false,
        initial: undefined,
      }),
    }
  })
  const silent = node.oneOf?.find(({ properties }) => properties?.['kind']?.default !== undefined)
  const silentKind = silent === undefined ? null : String(silent.properties?.['kind']?.const)
  return { ...base, type: 'variant', silentKind, variants }
}

/**
 * The form of one node of an experiment's schema.
 *
 * Walks the JSON Schema that Zod derives: labels are its titles, hints its descriptions.
 *
 * @throws Error if the schema uses a form that no control exists for.
 */
export function fieldFrom(key: string, node: SchemaNode, isOptional = false): Field {
  const base: FieldBase = {
    key,
    title: node.title ?? titleFromKey(key),
    hint: node.description ?? '',
    isOptional: isOptional && node.default === undefined,
    isAdvanced: node.advanced === true,
    initial: node.default,
  }
  if (node.oneOf !== undefined) return variantFrom(node, base)
  if (node.enum !== undefined) return { ...base, type: 'choice', options: node.enum.map(String) }
  switch (node.type) {
    case 'object':
      return groupFrom(node, base)
    case 'boolean':
      return { ...base, type: 'switch' }
    case 'string':
      return {
        ...base,
        type: 'text',
        minLength: node.minLength ?? 0,
        maxLength: node.maxLength ?? null,
      }
    case 'number':
    case 'integer':
      return { ...base, type: 'number', isInteger: node.type === 'integer', range: rangeOf(node) }
    case 'array':
      return listFrom(base, node)
    default:
      throw new Error(`internal: no control for the schema of ${key}`)
  }
}

function listFrom(base: FieldBase, node: SchemaNode): Field {
  const items = node.items ?? {}
  const maxItems = node.maxItems ?? null
  if (items.oneOf !== undefined) {
    const item = variantFrom(items, { ...base, title: 'Kind', hint: '', initial: undefined })
    return { ...base, type: 'list', item, maxItems }
  }
  if (items.type === 'integer' || items.type === 'number') {
    return {
      ...base,
      type: 'numbers',
      isInteger: items.type === 'integer',
      range: rangeOf(items),
      minItems: node.minItems ?? 0,
      maxItems,
    }
  }
  if (items.type === 'string') {
    return { ...base, type: 'texts', maxLength: items.maxLength ?? null, maxItems }
  }
  throw new Error(`internal: no control for the list ${base.key}`)
}
