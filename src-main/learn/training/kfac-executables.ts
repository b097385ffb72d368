import type { Executable, Runtime } from '#tensor/runtime'
import type { KfacParts } from './kfac-blocks.ts'
import { inverseProgram } from './kfac-inverse.ts'
import { closedLoss } from './kfac-programs.ts'
import type { FullKfacSettings, KfacLoss } from './kfac-settings.ts'
import { statisticsProgram } from './kfac-statistics.ts'
import { updateProgram } from './kfac-update.ts'

/** The programs of K-FAC, ready to run. */
export interface KfacExecutables {
  readonly statistics: Executable
  readonly inverse: Executable
  readonly update: Executable
  readonly evaluate: Executable
}

/** Compiles with all outputs resident but the last `scalars`. */
const compiler =
  (runtime: Runtime) =>
  (program: Executable['program'], scalars: number): Promise<Executable> =>
    runtime.compile(program, { residentOutputs: program.outputs.length - scalars })

/** Compiles them. */
export async function compileKfac(
  runtime: Runtime,
  loss: KfacLoss,
  parts: KfacParts,
  settings: FullKfacSettings,
): Promise<KfacExecutables> {
  const compile = compiler(runtime)
  return {
    statistics: await compile(statisticsProgram(loss, parts, settings), 0),
    inverse: await compile(inverseProgram(loss, parts), 1),
    update: await compile(updateProgram(loss, parts, settings), 3),
    evaluate: await compile(
      closedLoss(loss, ({ outputs }) => outputs.slice(0, 1)),
      1,
    ),
  }
}
