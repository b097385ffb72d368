import type { Handlers } from '#shared/contract'
import type { ApiContext } from './context.ts'

export const engineDescribe =
  ({ describe }: ApiContext): Handlers['engine.describe'] =>
  () =>
    describe()
