import type { Handlers } from '#shared/contract'
import { computeSchema } from '#shared/schemas'
import { checkFiles } from './check-files.ts'
import type { ApiContext } from './context.ts'
import { parseSpec } from './parse-spec.ts'

/** Creates all runs of a spec or none, then puts them on the queue. */
export const runsCreate =
  ({ store, supervisor, checkSamples, checkCompute }: ApiContext): Handlers['runs.create'] =>
  async ({ spec: given, compute: wanted = {} }) => {
    const spec = parseSpec(given)
    const compute = computeSchema.parse(wanted)
    await checkCompute(compute)
    await checkFiles(spec, checkSamples)
    const runs = store.createRuns(spec, compute)
    return { runs: runs.map(({ id }) => supervisor.enqueue(id)) }
  }
