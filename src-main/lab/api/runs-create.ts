import type { Handlers } from '#shared/contract'
import { computeSchema, expandSweep } from '#shared/schemas'
import { checkFiles } from './check-files.ts'
import type { ApiContext } from './context.ts'
import { parseSpec } from './parse-spec.ts'

/** Creates all runs of a spec and its sweep or none, then puts them on the queue. */
export const runsCreate =
  ({ store, supervisor, checkSamples, checkCompute }: ApiContext): Handlers['runs.create'] =>
  async ({ spec: given, compute: wanted = {} }) => {
    const spec = parseSpec(given)
    const compute = computeSchema.parse(wanted)
    await checkCompute(compute)
    const specs = expandSweep(given, spec).map(parseSpec)
    for (const each of specs) await checkFiles(each, checkSamples)
    const runs = store.createRuns(specs, compute)
    return { runs: runs.map(({ id }) => supervisor.enqueue(id)) }
  }
