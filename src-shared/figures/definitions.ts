import { experimentJsonSchema } from '../contract.ts'
import type { ExperimentSpec, Provenance } from '../schemas/index.ts'
import { formatBytes, formatNumber } from './format.ts'

/** A term and what it is, both plain text; `isCode` for what is read letter by letter. */
export interface Definition {
  readonly term: string
  readonly value: string
  readonly isCode?: boolean
}

/** Definitions under one heading. */
export interface DefinitionGroup {
  readonly title: string
  readonly entries: readonly Definition[]
}

interface SchemaNode {
  readonly title?: string
  readonly properties?: Record<string, SchemaNode>
  readonly oneOf?: readonly SchemaNode[]
  readonly items?: SchemaNode
  readonly const?: unknown
}

const fromKey = (key: string): string => {
  const words = key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** The branch of a union that a value chose by its `kind`. */
function branch(node: SchemaNode, value: unknown): SchemaNode {
  const kind = (value as { kind?: unknown } | null)?.kind
  return node.oneOf?.find((option) => option.properties?.['kind']?.const === kind) ?? node
}

function valueText(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number') return formatNumber(value, 10)
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(valueText).join(', ')
  return String(value)
}

function entriesOf(node: SchemaNode, value: object): Definition[] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const child = node.properties?.[key] ?? {}
    if (key === 'version' || inner === undefined) return []
    if (key === 'kind') {
      return [{ term: child.title ?? 'Kind', value: node.title ?? valueText(inner) }]
    }
    if (typeof inner === 'object' && inner !== null && !Array.isArray(inner)) {
      const chosen = branch(child, inner)
      const title = child.title ?? fromKey(key)
      const [first, ...rest] = entriesOf(chosen, inner)
      if (first === undefined) return []
      // The kind of a union stands for the whole; what has no kind is named by the whole.
      if ('kind' in inner) return [{ ...first, term: title }, ...rest]
      return [first, ...rest].map((entry) => ({ ...entry, term: `${title}: ${entry.term}` }))
    }
    return [{ term: child.title ?? fromKey(key), value: valueText(inner) }]
  })
}

/** The settings of an experiment in groups, titled as in the form. */
export function settingsGroups(spec: ExperimentSpec): DefinitionGroup[] {
  const root = experimentJsonSchema() as SchemaNode
  const { model, data, train, measure, ...rest } = spec
  const group = (key: 'model' | 'data' | 'train', value: object): DefinitionGroup => {
    const node = root.properties?.[key] ?? {}
    const chosen = branch(node, value)
    return {
      title: (chosen === node ? node.title : undefined) ?? fromKey(key),
      entries: entriesOf(chosen, value),
    }
  }
  return [
    { title: 'Experiment', entries: entriesOf(root, rest) },
    group('data', data),
    group('model', model),
    group('train', train),
    ...measure.map((item, i) => {
      const chosen = branch(root.properties?.['measure']?.items ?? {}, item)
      return {
        title: `Measurement ${String(i + 1)}: ${chosen.title ?? item.kind}`,
        entries: entriesOf(chosen, item).slice(1),
      }
    }),
  ]
}

const unknown = 'not known'

/** Where the numbers came from. */
export function provenanceEntries(provenance: Provenance): Definition[] {
  const commit =
    provenance.gitCommit === null
      ? unknown
      : `${provenance.gitCommit}${provenance.gitDirty === true ? ' with uncommitted changes' : ''}`
  return [
    { term: 'Seed', value: String(provenance.seed), isCode: true },
    { term: 'Spec hash', value: provenance.specHash, isCode: true },
    { term: 'Application', value: provenance.appVersion, isCode: true },
    { term: 'Git commit', value: commit, isCode: true },
    ...Object.entries(provenance.versions)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, version]) => ({ term: name, value: version, isCode: true })),
    { term: 'Platform', value: provenance.platform },
    { term: 'Processor', value: provenance.cpu },
    { term: 'Threads', value: String(provenance.threads) },
    { term: 'Memory', value: formatBytes(provenance.memoryBytes) },
    { term: 'Device', value: provenance.device },
    { term: 'Runtime', value: provenance.runtime },
  ]
}
