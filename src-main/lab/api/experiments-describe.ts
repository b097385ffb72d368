import type { Handlers } from '#shared/contract'
import { checkFiles } from './check-files.ts'
import type { ApiContext } from './context.ts'
import { parseSpec } from './parse-spec.ts'

/** Describes what a run would work on; files are only looked for, since describing reads them. */
export const experimentsDescribe =
  ({ describeExperiment }: ApiContext): Handlers['experiments.describe'] =>
  async ({ spec: given, seed }) => {
    const spec = parseSpec(given)
    await checkFiles(spec, () => Promise.resolve())
    return describeExperiment(spec, seed ?? spec.seeds[0] ?? 0)
  }
