import { createStream } from '#base'
import { parseSafetensors } from '#learn/datasets'
import { readWeights } from '#learn/models'
import type { MeasureSpec } from '#shared/schemas'
import type { ExperimentContext, ExperimentOrder, MeasureKey } from './context.ts'
import {
  measuredSamples,
  MeasuredMatrices,
  type MatrixSources,
  type NetworkAtStep,
} from './measured-matrices.ts'
import { forecastProducts, measureQuantity } from './measures/index.ts'
import { createProgressReporter } from './progress.ts'

/** Steps at which a measurement is made. */
const stepsOf = (
  measure: MeasureSpec,
  lastStep: number,
  keptSteps: readonly number[],
): readonly number[] =>
  measure.kind !== 'evolution' && measure.at === 'snapshots' ? keptSteps : [lastStep]

/**
 * Makes the measurements of a run that are not stored yet, in the order of its spec, each at its steps.
 *
 * @param trained - The network that training ended with.
 */
export async function measureRun(options: {
  readonly order: ExperimentOrder
  readonly sources: MatrixSources
  readonly trained: NetworkAtStep
  readonly context: ExperimentContext
}): Promise<void> {
  const { order, sources, trained, context } = options
  const { spec, seed, model } = sources
  const isMeasured = ({ index, step }: MeasureKey): boolean =>
    order.measured.some((key) => key.index === index && key.step === step)
  const networkAt = async (step: number): Promise<NetworkAtStep> => {
    if (step === trained.step) return trained
    const name = `weights of step ${step}`
    const { arrays } = parseSafetensors(await context.loadWeights(step), name)
    return { step, ...readWeights(arrays, model, name) }
  }
  const matrices = new MeasuredMatrices(sources)
  try {
    for (const [index, measure] of spec.measure.entries()) {
      const steps = stepsOf(measure, trained.step, context.keptSteps())
      for (const step of steps) {
        if (isMeasured({ index, step })) continue
        const place = steps.length > 1 ? `, step ${step}` : ''
        const label = `${measure.kind} (${index + 1} of ${spec.measure.length}${place})`
        const total = forecastProducts(measure)
        const report = createProgressReporter(context, 'measuring', label, total)
        report(0)
        const operator = await matrices.operator(measure, await networkAt(step))
        const isAtEnd = measure.kind === 'evolution' || measure.at === 'end'
        const document = await measureQuantity(measure, {
          operator,
          facts: {
            index,
            seed,
            step,
            parameterCount: model.layout.size,
            sampleCount: measuredSamples(sources, measure).count,
            operator: measure.operator,
            size: operator.size === model.layout.size ? null : operator.size,
            tensors: measure.tensors ?? null,
            split: measure.split,
          },
          streamOf: (name) =>
            isAtEnd
              ? createStream(seed, 'measure', index, name)
              : createStream(seed, 'measure', index, name, 'step', step),
          signal: context.signal,
          onProgress: report,
        })
        context.emit({ type: 'measured', document })
      }
    }
  } finally {
    await matrices.release()
  }
}
