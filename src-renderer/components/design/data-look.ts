import { computed, shallowRef, type ComputedRef, type ShallowRef } from 'vue'
import type { Client, ExperimentDescription } from '#shared/contract'
import type { ExperimentSpec } from '#shared/schemas'
import { messageOf } from '../../state/errors.ts'

/** What became of the last look at the data. */
export type LookState =
  | { readonly kind: 'none' }
  | { readonly kind: 'looking' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'seen'; readonly description: ExperimentDescription }

export interface DataLook {
  readonly state: Readonly<ShallowRef<LookState>>
  /** Whether the state belongs to the settings as they are now. */
  readonly isFresh: ComputedRef<boolean>
  /** Asks the engine; of two answers the later question's stays. */
  readonly look: () => Promise<void>
}

/** What a description depends on; the rest of a spec can change without making it old. */
const keyOf = ({ data, model, train, seeds }: ExperimentSpec): string =>
  JSON.stringify([data, model, train.loss, seeds[0]])

/** Looks at the data and the network of a spec that is being written. */
export function createDataLook(client: Client, spec: () => ExperimentSpec | null): DataLook {
  const state = shallowRef<LookState>({ kind: 'none' })
  const lookedAt = shallowRef<string | null>(null)
  const isFresh = computed(() => {
    const now = spec()
    return now !== null && keyOf(now) === lookedAt.value
  })
  let questions = 0

  async function look(): Promise<void> {
    const asked = spec()
    if (asked === null) return
    questions += 1
    const own = questions
    lookedAt.value = keyOf(asked)
    state.value = { kind: 'looking' }
    const answer = await ask(client, asked)
    if (own === questions) state.value = answer
  }
  return { state, isFresh, look }
}

/** A message that begins with a key of the spec keeps its spelling. */
function problemOf(reason: unknown): string {
  const isKeyed = reason instanceof Error && /^(data|model|train)\.\w/.test(reason.message)
  return isKeyed ? reason.message : messageOf(reason)
}

async function ask(client: Client, spec: ExperimentSpec): Promise<LookState> {
  try {
    const description = await client.call('experiments.describe', { spec })
    return { kind: 'seen', description }
  } catch (reason) {
    return { kind: 'failed', message: problemOf(reason) }
  }
}
