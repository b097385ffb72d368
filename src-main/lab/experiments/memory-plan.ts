import { InputError } from '#base'
import type { NativeSpaceOptions, ProductMemory } from '#geometry/curvature'
import type { Model } from '#learn/models'
import {
  availableMemory,
  formatBytes,
  freeScratch,
  scratchFolder,
  type Runtime,
} from '#tensor/runtime'
import type { ExperimentSpec, MeasureSpec } from '#shared/schemas'
import type { ExperimentData } from './data.ts'
import { denseSetting } from './dense-curvature.ts'
import {
  dataBytes,
  forecastMeasuring,
  forecastProducts,
  forecastTraining,
  largestFitting,
  refuse,
  type MemoryForecast,
  type ProductSetting,
} from './forecast.ts'

/** What an experiment may take, and where it may write. */
export interface MemoryLimits {
  /** Bytes beside the engine and the data. @default what is available now */
  readonly bytes?: number | undefined
  /** Folder for what finds no room in memory. @default the system's for temporary files */
  readonly scratch?: string | undefined
}

/** How an experiment that fits will use memory. */
export interface MemoryPlan extends ProductSetting {
  /** For the bases of its measurements. */
  readonly basis: NativeSpaceOptions
}

/** Most samples of a batch of products. */
const largestBatch = 1024

/** Ways to evaluate products, from the fastest to the one that takes least. */
const settings: readonly ProductSetting[] = [
  { rows: 8, batchSize: largestBatch },
  ...[8, 4, 2, 1].map((rows) => ({ rows, batchSize: largestBatch, residualMemory: 0 })),
  ...[512, 256, 128, 64, 32, 16, 8, 4, 2, 1].map((batchSize) => ({
    rows: 1,
    batchSize,
    residualMemory: 0,
  })),
]

/** What must be in memory. */
const withoutBasis = ({ total, basis }: MemoryForecast): number => total - basis

/** A smaller measurement of the same kind, scaled by how many vectors it wants, and what that number is called. */
function shrink(measure: MeasureSpec): {
  readonly count: number
  readonly name: string
  readonly to: (count: number) => MeasureSpec
} {
  switch (measure.kind) {
    case 'eigenpairs':
    case 'evolution':
      return {
        count: measure.top + measure.bottom,
        name: 'top + bottom',
        to: (count) => ({ ...measure, top: count, bottom: 0 }),
      }
    case 'interior':
      return { count: measure.count, name: 'count', to: (count) => ({ ...measure, count }) }
    case 'dense':
      return { count: 1, name: 'dense', to: () => measure }
    case 'trace':
    case 'scalar':
    case 'diagonal':
    case 'density':
      return {
        count: measure.probes,
        name: 'probes',
        to: (probes) => ({ ...measure, probes }),
      }
  }
}

/** Samples that a measurement runs over, and the key that says how many. */
function measuredCount(
  { measureSamples }: ExperimentSpec,
  { train, validation }: ExperimentData,
  { split, samples }: MeasureSpec,
  index: number,
): readonly [key: string, count: number] {
  const count = (split === 'validation' ? validation : train)?.count ?? 0
  const limit = samples ?? measureSamples ?? count
  const key = samples === undefined ? 'measureSamples' : `measure.${index}.samples`
  return [key, Math.min(count, limit)]
}

/**
 * Plans the memory of an experiment before it starts: training as the spec says, products in the fastest way that fits, and
 * bases on disk as far as memory does not hold them. On a machine with less memory products may so come in smaller blocks
 * or batches, which changes their last digits.
 *
 * @param pending - Measurements still to be made, with their place in the spec.
 * @throws InputError saying what is needed, what is available and what would fit, if something does not.
 */
export async function planMemory(options: {
  readonly spec: ExperimentSpec
  readonly model: Model
  readonly data: ExperimentData
  readonly pending: readonly (readonly [number, MeasureSpec])[]
  readonly runtime: Runtime
  readonly limits?: MemoryLimits | undefined
}): Promise<MemoryPlan> {
  const { spec, model, data, pending, limits = {} } = options
  const { loss } = spec.train
  const available = limits.bytes ?? availableMemory()
  const scratch = limits.scratch ?? scratchFolder()
  // On another device the values are not in this machine's memory.
  if (options.runtime.device !== 'cpu') return { ...settings[0]!, basis: { scratch } }
  const { train, validation } = data

  const splits = [train, ...(validation === null ? [] : [validation])].map(({ count }) =>
    Math.min(count, spec.train.evaluationSamples),
  )
  const trainingWith = (batchSize: number): MemoryForecast =>
    forecastTraining({ model, train: spec.train, batchSize, splits })
  const batchSize = Math.min(spec.train.batchSize, train.count)
  const training = trainingWith(batchSize)
  if (training.total > available) {
    const fitting = largestFitting(batchSize, (size) => trainingWith(size).total <= available)
    const advice =
      fitting === 0
        ? 'no batch would fit'
        : `a batch of ${fitting} would fit (train.batchSize is ${spec.train.batchSize})`
    refuse('training', training, `${formatBytes(available)} are available`, advice)
  }

  for (const [index, measure] of pending) {
    const [key, count] = measuredCount(spec, data, measure, index)
    if (dataBytes(model, count) <= available) continue
    const fitting = largestFitting(count, (fewer) => dataBytes(model, fewer) <= available / 2)
    const needed = `measure.${index} needs ${formatBytes(dataBytes(model, count))} for ${count} samples`
    throw new InputError(
      key,
      `${needed}; ${formatBytes(available)} are available; ${key} = ${fitting} would fit`,
    )
  }

  const known = new Map<string, ProductMemory>()
  const measuringWith = (measure: MeasureSpec, setting: ProductSetting): MemoryForecast => {
    const { operator, draws, tensors } = measure
    const [, sampleCount] = measuredCount(spec, data, measure, 0)
    const size = { model, loss, sampleCount, matrix: measure }
    const isDense = measure.kind === 'dense'
    const key = JSON.stringify([operator, draws, tensors, sampleCount, isDense, setting])
    const products =
      known.get(key) ?? forecastProducts(size, isDense ? denseSetting(size) : setting)
    known.set(key, products)
    // A matrix that is written out is multiplied in float64, beside batches in float32.
    const factor = isDense ? 2 : 1
    return forecastMeasuring(measure, size, setting.rows, {
      activations: factor * products.activations,
      workspace: factor * products.workspace + (2 * factor - 1) * dataBytes(model, sampleCount),
    })
  }
  const fits = (measure: MeasureSpec, setting: ProductSetting): boolean =>
    withoutBasis(measuringWith(measure, setting)) <= available
  const leanest = settings.at(-1)!
  const setting =
    settings.find((each) => pending.every(([, measure]) => fits(measure, each))) ?? leanest
  const free = pending.length === 0 ? 0 : await freeScratch(scratch)
  let residentBytes = available
  for (const [index, measure] of pending) {
    const forecast = measuringWith(measure, setting)
    const room = available - withoutBasis(forecast)
    residentBytes = Math.max(0, Math.min(residentBytes, room))
    if (room >= 0 && forecast.basis - room <= free) continue
    const { count, name, to } = shrink(measure)
    const fitting = largestFitting(count, (wanted) => {
      const smaller = measuringWith(to(wanted), setting)
      const left = available - withoutBasis(smaller)
      return left >= 0 && smaller.basis - left <= free
    })
    refuse(
      `measure.${index} (${measure.kind})`,
      forecast,
      `${formatBytes(available)} are available, and ${formatBytes(free)} in ${scratch} for the basis`,
      fitting === 0
        ? 'no smaller one would fit'
        : `${name} = ${fitting} would fit (with ${count} asked for)`,
    )
  }
  return { ...setting, basis: { residentBytes, scratch } }
}
