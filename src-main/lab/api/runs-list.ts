import type { Handlers } from '#shared/contract'
import type { ApiContext } from './context.ts'

export const runsList =
  ({ store }: ApiContext): Handlers['runs.list'] =>
  (filter) =>
    store.runs.list(filter)
