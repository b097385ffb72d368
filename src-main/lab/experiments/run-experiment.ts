import { throwIfStopped } from '#base'
import { isAtSnapshots } from './at-snapshots.ts'
import { checkMeasures } from './check-measures.ts'
import type { ExperimentContext, ExperimentOrder, Workplace } from './context.ts'
import { loadData } from './data.ts'
import { measureRun } from './measure-run.ts'
import { planMemory } from './memory-plan.ts'
import { modelOfSpec } from './model-of-spec.ts'
import { trainNetwork } from './train.ts'

/**
 * Runs one experiment to its end: loads data, trains, measures.
 *
 * Everything it finds goes out as events; what is stored already (checkpoint, measurements) is not done
 * again.
 *
 * @param specHash - Fingerprint of the spec, for provenance.
 * @throws InputError before training if it or a measurement needs more memory than there is; it says what would fit.
 * @throws StoppedError after a checkpoint when the context's signal is aborted.
 */
export async function runExperiment(
  order: ExperimentOrder,
  specHash: string,
  workplace: Workplace,
  context: ExperimentContext,
): Promise<void> {
  const { spec, seed } = order
  context.emit({
    type: 'progressed',
    progress: { phase: 'preparing', label: 'loading data', done: 0, total: 1, etaMs: null },
  })
  const data = await loadData(spec.data, seed, spec.train.loss, workplace.resources)
  const model = modelOfSpec(spec, data)
  context.emit({
    type: 'prepared',
    provenance: { ...workplace.origin, seed, specHash },
    dataCard: data.card,
    parameterCount: model.layout.size,
    modelLabel: model.label,
  })
  checkMeasures(spec, model, data)
  throwIfStopped(context.signal)
  // At which steps one is made at snapshots is known only after training.
  const pending = [...spec.measure.entries()].filter(
    ([index, measure]) =>
      isAtSnapshots(measure) || !order.measured.some((key) => key.index === index),
  )
  const { runtime, limits } = workplace
  const plan = await planMemory({ spec, model, data, pending, runtime, limits })
  const trained = await trainNetwork(order, model, data, workplace, context)
  const sources = { spec, seed, model, data, plan, runtime }
  await measureRun({ order, sources, trained, context })
  context.emit({
    type: 'progressed',
    progress: { phase: 'done', label: 'done', done: 1, total: 1, etaMs: 0 },
  })
}
