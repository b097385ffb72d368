import { createHash } from 'node:crypto'
import { invariant } from '#base'
import { encodeSafetensors, parseSafetensors } from '#learn/datasets'
import { readWeights, type Model } from '#learn/models'
import type { ExperimentSpec, MeasureSpec } from '#shared/schemas'
import { availableMemory, type Runtime } from '#tensor/runtime'
import { isAtSnapshots } from './at-snapshots.ts'
import type { ExperimentContext, ExperimentOrder, MeasureKey } from './context.ts'
import type { ExperimentData } from './data.ts'
import { MeasuredMatrices, type NetworkAtStep } from './measured-matrices.ts'
import { measuredSamples } from './measured-samples.ts'
import type { MemoryPlan } from './memory-plan.ts'
import {
  forecastProducts,
  formatState,
  measureEvolution,
  measureQuantity,
  parseState,
  type MeasureSite,
} from './measures/index.ts'
import { createProgressReporter } from './progress.ts'

/** Time between two states of a measurement. */
const stateEveryMs = 300_000

/** A state is copied twice on its way to the disk: of the memory there is it may be this share, and so many bytes. */
const [stateShare, largestState] = [1 / 6, 2 ** 31]

/** Fingerprint of all that a measurement depends on but for this program. */
function originOf(
  measure: MeasureSpec,
  { seed, spec }: RunSources,
  { parameters, buffers, step }: NetworkAtStep,
): string {
  const hash = createHash('sha256')
  const { data, train, measureSamples } = spec
  hash.update(JSON.stringify({ measure, seed, step, data, loss: train.loss, measureSamples }))
  for (const { buffer, byteOffset, byteLength } of [parameters, buffers]) {
    hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  }
  return hash.digest('hex')
}

/** What a run's measurements are made from. */
export interface RunSources {
  readonly spec: ExperimentSpec
  readonly seed: number
  readonly model: Model
  readonly data: ExperimentData
  readonly plan: MemoryPlan
  readonly runtime: Runtime
}

/** What {@link measureRun} works with. */
interface MeasuringOptions {
  readonly order: ExperimentOrder
  readonly sources: RunSources
  /** The network that training ended with. */
  readonly trained: NetworkAtStep
  readonly context: ExperimentContext
}

/**
 * Makes the measurements of a run that are not stored yet, in the order of its spec, each at its steps.
 *
 * @throws StoppedError when the context's signal is aborted, after what goes on from there has been written.
 */
export async function measureRun(options: MeasuringOptions): Promise<void> {
  const { order, sources, trained, context } = options
  const { spec, seed, model, runtime, plan } = sources
  const matrices = new MeasuredMatrices({
    model,
    loss: spec.train.loss,
    seed,
    runtime,
    setting: plan,
    samplesOf: (matrix) => measuredSamples(sources, matrix),
  })
  try {
    for (const [index, measure] of spec.measure.entries()) {
      const kept = [...new Set([...context.keptSteps(), trained.step])].sort((a, b) => a - b)
      for (const step of isAtSnapshots(measure) ? kept : [trained.step]) {
        const key = { index, step }
        const isMeasured = order.measured.some(
          (stored) => stored.index === index && stored.step === step,
        )
        if (isMeasured) {
          // An attempt may have ended between storing the document and this.
          context.saveMeasureState(key, null)
          continue
        }
        const document =
          measure.kind === 'evolution'
            ? await measureEvolution(measure, {
                steps: kept,
                at: (at) => siteOf(measure, { index, step: at }, matrices, options),
              })
            : await measureQuantity(measure, await siteOf(measure, key, matrices, options))
        context.emit({ type: 'measured', document })
        context.saveMeasureState(key, null)
      }
    }
  } finally {
    await matrices.release()
  }
}

/** The network at a step of its training whose weights are kept. */
async function networkAt(
  step: number,
  { trained, sources, context }: MeasuringOptions,
): Promise<NetworkAtStep> {
  if (step === trained.step) return trained
  const name = `weights of step ${step}`
  const { arrays } = parseSafetensors(await context.loadWeights(step), name)
  return { step, ...readWeights(arrays, sources.model, name) }
}

/** A measurement's site in a run. */
async function siteOf(
  measure: MeasureSpec,
  key: MeasureKey,
  matrices: MeasuredMatrices,
  options: MeasuringOptions,
): Promise<MeasureSite> {
  const { sources, context } = options
  const { spec } = sources
  const { index, step } = key
  const network = await networkAt(step, options)
  const site = await matrices.site(measure, index, network)
  const { size } = site.operator
  const origin = (): string => originOf(measure, sources, network)
  const place = isAtSnapshots(measure) ? `, step ${step}` : ''
  const onProgress = createProgressReporter(
    context,
    'measuring',
    `${measure.kind} (${index + 1} of ${spec.measure.length}${place})`,
    forecastProducts(measure, size) *
      (measure.kind === 'evolution' ? Math.max(1, context.keptSteps().length) : 1),
  )
  onProgress(0)
  return {
    ...site,
    state: {
      everyMs: stateEveryMs,
      largestBytes: Math.min(largestState, stateShare * availableMemory()),
      load: () => {
        const bytes = context.loadMeasureState(key)
        return bytes === null ? null : parseState(bytes, origin())
      },
      save: (saved) => {
        context.saveMeasureState(key, formatState(saved, origin()))
      },
    },
    keepVectors: (vectors) => {
      const arrays = [...vectors].map(([name, data]) => {
        invariant(data instanceof Float32Array, 'vectors are kept in float32')
        return [
          name,
          { dtype: 'float32' as const, shape: [data.length / size, size], data },
        ] as const
      })
      return context.saveVectors(key, encodeSafetensors(new Map(arrays)))
    },
    signal: context.signal,
    onProgress,
  }
}
