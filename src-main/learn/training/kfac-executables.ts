import type { Program } from '#tensor/program'
import type { Executable, Runtime } from '#tensor/runtime'
import { kfacParts, type KfacParts } from './kfac-blocks.ts'
import { inverseProgram } from './kfac-inverse.ts'
import { closedLoss } from './kfac-programs.ts'
import {
  fullKfacSettings,
  type FullKfacSettings,
  type KfacLoss,
  type KfacSettings,
} from './kfac-settings.ts'
import { statisticsProgram } from './kfac-statistics.ts'
import { updateProgram } from './kfac-update.ts'

/** One thing for each program of K-FAC. */
interface ForEachProgram<T> {
  readonly statistics: T
  readonly inverse: T
  readonly update: T
  readonly evaluate: T
}

/** The programs of K-FAC, ready to run. */
export type KfacExecutables = ForEachProgram<Executable>

const tracePrograms = (
  loss: KfacLoss,
  parts: KfacParts,
  settings: FullKfacSettings,
): ForEachProgram<Program> => ({
  statistics: statisticsProgram(loss, parts, settings),
  inverse: inverseProgram(loss, parts),
  update: updateProgram(loss, parts, settings),
  evaluate: closedLoss(loss, ({ outputs }) => outputs.slice(0, 1)),
})

/**
 * The programs that a `KfacStepper` of this loss runs, e.g. to plan their memory. Nothing is compiled.
 *
 * @throws InputError naming a setting outside its range.
 */
export function kfacPrograms(loss: KfacLoss, settings: KfacSettings): readonly Program[] {
  const full = fullKfacSettings(settings)
  const programs = tracePrograms(loss, kfacParts(loss, full), full)
  return [programs.statistics, programs.inverse, programs.update, programs.evaluate]
}

/** Compiles with all outputs resident but the last `scalars`. */
const compiler =
  (runtime: Runtime) =>
  (program: Program, scalars: number): Promise<Executable> =>
    runtime.compile(program, { residentOutputs: program.outputs.length - scalars })

/** Compiles them. */
export async function compileKfac(
  runtime: Runtime,
  loss: KfacLoss,
  parts: KfacParts,
  settings: FullKfacSettings,
): Promise<KfacExecutables> {
  const compile = compiler(runtime)
  const programs = tracePrograms(loss, parts, settings)
  return {
    statistics: await compile(programs.statistics, 0),
    inverse: await compile(programs.inverse, 1),
    update: await compile(programs.update, 3),
    evaluate: await compile(programs.evaluate, 1),
  }
}
