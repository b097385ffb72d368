import { InputError } from '#base'
import { forecastProductMemory, selectTensors, type ProductMemory } from '#geometry/curvature'
import {
  densityVectors,
  eigenpairsVectors,
  interiorVectors,
  traceVectors,
  type SolverVectors,
} from '#geometry/spectral'
import { lossProgram, tappedLoss, type Loss, type Model } from '#learn/models'
import { entriesOf, labelsPerSample, outputsOf, type Task } from '#learn/tasks'
import { answerEntries } from '#learn/datasets'
import { scaleByLearningRate } from '#learn/optimizers'
import { kfacPrograms, stepProgram } from '#learn/training'
import type { Program, ValueType } from '#tensor/program'
import { sizeOf } from '#tensor/dense'
import { formatBytes, planProgram } from '#tensor/runtime'
import type { MeasureSpec, TrainSpec } from '#shared/schemas'
import { firstOrderTransform } from './create-stepper.ts'
import { curvatureProgram } from './curvature-programs.ts'
import { scoresPerRow } from './draw-scores.ts'
import { blockSizeOf } from './measures/block-size.ts'
import { searchBudget } from './measures/outlier-search.ts'

/** Bytes that a phase of an experiment takes beside the engine and the data. */
export interface MemoryForecast {
  /** Parameters with the copies that are needed of them. */
  readonly parameters: number
  /** The optimizer's. */
  readonly state: number
  /** Values inside the programs. */
  readonly activations: number
  /** Krylov bases; what finds no room in memory lies on disk. */
  readonly basis: number
  /** Batches, blocks of vectors, and what is on its way to a file. */
  readonly workspace: number
  readonly total: number
}

const forecastOf = (parts: Omit<MemoryForecast, 'total'>): MemoryForecast => ({
  ...parts,
  total: Object.values(parts).reduce((sum, bytes) => sum + bytes, 0),
})

/** e.g. `3.1 GiB: parameters 1.2 GiB, activations 1.9 GiB`. */
export function describeForecast(forecast: MemoryForecast): string {
  const names = { state: 'optimizer state' } as Readonly<Record<string, string>>
  const { total, ...parts } = forecast
  const listed = Object.entries(parts)
    .filter(([, bytes]) => bytes > 0)
    .map(([name, bytes]) => `${names[name] ?? name} ${formatBytes(bytes)}`)
  return `${formatBytes(total)}: ${listed.join(', ')}`
}

/** Answers and numbers of one evaluation call, at most. */
const [largestAnswers, largestEntries] = [2048, 2 ** 22]

/** Rows of one evaluation call. */
export function evaluationBatch({
  count,
  features,
  targets,
}: Task & { readonly count: number }): number {
  const rows = Math.min(
    largestAnswers / labelsPerSample(targets),
    largestEntries / entriesOf(features),
    count,
  )
  return Math.max(1, Math.floor(rows))
}

/** Bytes of samples as inputs of a program. */
export const dataBytes = ({ task }: Model, count: number): number =>
  4 * count * (entriesOf(task.features) + answerEntries(task.targets) + 1)

/** What a network is trained on. */
export interface TrainingSize {
  readonly model: Model
  readonly train: TrainSpec
  /** Rows of a step. */
  readonly batchSize: number
  /** Rows of the splits that are evaluated. */
  readonly splits: readonly number[]
}

/** Numbers in the state of an optimizer. */
function optimizerEntries(train: TrainSpec, model: Model, types: readonly ValueType[]): number {
  const { optimizer } = train
  const { size, entries } = model.layout
  switch (optimizer.kind) {
    case 'lbfgs':
      return (2 * optimizer.historySize + 1) * size
    case 'kfac':
      // Two factors and their inverses a matrix, and two vectors.
      return entries.reduce((sum, { shape }) => {
        const sides = [shape[0] ?? 1, sizeOf(shape.slice(1)) + 1]
        const factors = sides.map((side) => (side > optimizer.largestFactor ? side : side ** 2))
        return sum + (shape.length > 1 ? 2 * (factors[0]! + factors[1]!) : 0)
      }, 2 * size)
    default:
      return firstOrderTransform(optimizer, train.averageDecay, model)
        .init(types)
        .reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  }
}

/** The programs that take the steps. */
function trainingPrograms({ model, train, batchSize }: TrainingSize, loss: Program): Program[] {
  const { optimizer } = train
  if (optimizer.kind === 'kfac') {
    const tapped = tappedLoss({ model, loss: train.loss, batchSize })
    return [...kfacPrograms(tapped, optimizer)]
  }
  // A step of L-BFGS goes through the gradient as that of SGD does.
  const transform =
    optimizer.kind === 'lbfgs'
      ? scaleByLearningRate()
      : firstOrderTransform(optimizer, train.averageDecay, model)
  return [false, true].map((isObserved) =>
    stepProgram(loss, model.layout.entries.length, transform, {
      bufferCount: model.buffers.entries.length,
      isObserved,
    }),
  )
}

/**
 * Forecasts the memory of training: two sets of parameters and state that take turns, the first draw, the start that
 * distances are measured from, and the gradients of two observed steps.
 */
export function forecastTraining(size: TrainingSize): MemoryForecast {
  const { model, train, batchSize, splits } = size
  const { loss } = train
  const { layout } = model
  const program = lossProgram({ model, loss, batchSize, mode: 'train' })
  const types = program.inputs.slice(0, layout.entries.length).map(({ type }) => type)
  const stateSize = optimizerEntries(size.train, model, types)
  const programs = [
    ...trainingPrograms(size, program),
    ...splits.map((count) =>
      lossProgram({
        model,
        loss,
        batchSize: evaluationBatch({ ...model.task, count }),
        withAccuracy: model.task.targets.kind === 'classes',
      }),
    ),
  ].map(planProgram)
  const evaluated = splits.reduce((sum, count) => sum + count, 0)
  return forecastOf({
    parameters: 6 * 4 * layout.size,
    state: 2 * 4 * stateSize,
    activations: programs.reduce((sum, { workspace, graph }) => sum + workspace + graph, 0),
    basis: 0,
    // Two batches in turn, what is evaluated, and a checkpoint as bytes.
    workspace:
      dataBytes(model, 2 * batchSize + evaluated) +
      4 * (layout.size + model.buffers.size + stateSize),
  })
}

/** How products are evaluated: vectors a block, samples a batch, bytes for residuals (undefined: the default). */
export interface ProductSetting {
  readonly rows: number
  readonly batchSize: number
  readonly residualMemory?: number | undefined
}

/** A matrix of a network over samples. */
export interface MatrixSize {
  readonly model: Model
  readonly loss: Loss
  readonly sampleCount: number
  readonly matrix: Pick<MeasureSpec, 'operator' | 'draws' | 'tensors'>
}

/** Order of a matrix. @throws InputError if a name in its tensors fits none of the network's. */
export function orderOf({ model, matrix, sampleCount }: MatrixSize): number {
  const { targets } = model.task
  return matrix.operator === 'ntk'
    ? sampleCount * labelsPerSample(targets) * outputsOf(targets)
    : selectTensors(model.layout, matrix.tensors).layout.size
}

/** Forecasts the memory of the products of a matrix. */
export function forecastProducts(size: MatrixSize, setting: ProductSetting): ProductMemory {
  const { model, loss, sampleCount, matrix } = size
  const { operator, draws, tensors } = matrix
  const batchSize = Math.min(setting.batchSize, sampleCount)
  const scores = scoresPerRow(loss, draws, outputsOf(model.task.targets))
  // A product of the Gram matrix goes through the same values as one of the Gauss–Newton matrix.
  const kind = operator === 'ntk' ? 'ggn' : operator
  const products = forecastProductMemory({
    product: curvatureProgram(kind, { model, loss, batchSize }, scores).product,
    layout: model.layout,
    tensors,
    batchCount: Math.ceil(sampleCount / batchSize),
    rows: setting.rows,
    residualMemory: setting.residualMemory,
  })
  if (operator !== 'ntk') return products
  // Its blocks are cut by batches, for several vectors and for one, beside the values of a batch.
  const { targets } = model.task
  const batch = batchSize * labelsPerSample(targets) * outputsOf(targets)
  const entries = (setting.rows + 1) * (orderOf(size) + 2 * batch)
  return { ...products, workspace: products.workspace + 4 * entries }
}

/** Two vectors held at different times take the room of one. */
const either = (a: SolverVectors, b: SolverVectors): SolverVectors => ({
  basis: Math.max(a.basis, b.basis),
  others: Math.max(a.others, b.others),
})

function searchVectors(
  size: number,
  wanted: number,
  maxProducts: number,
  blockSize: number | 'measured' = 1,
): SolverVectors {
  return eigenpairsVectors({
    size,
    epsilon: 2 ** -23,
    wanted: Math.min(wanted, size),
    maxProducts,
    blockSize,
  })
}

function vectorsOf(measure: MeasureSpec, size: number, rows: number): SolverVectors {
  const noBasis = (others: number): SolverVectors => ({ basis: 0, others })
  switch (measure.kind) {
    case 'eigenpairs':
      return searchVectors(
        size,
        measure.top + measure.bottom,
        measure.maxProducts,
        blockSizeOf(measure),
      )
    case 'evolution': {
      const search = searchVectors(
        size,
        measure.top + measure.bottom,
        measure.maxProducts,
        blockSizeOf(measure),
      )
      // The space of the snapshot before, the one at hand, and a gradient.
      return { ...search, others: search.others + 2 * measure.top + 1 }
    }
    case 'interior':
      return interiorVectors({ size, count: measure.count, rows })
    case 'trace':
      return traceVectors(rows, measure.method, productsAtMost(measure))
    case 'scalar':
      return either(
        traceVectors(rows, 'xtrace', productsAtMost(measure)),
        searchVectors(size, 1, measure.maxProducts),
      )
    case 'diagonal':
      // Sums and squares in float64, and the results with their file.
      return noBasis(2 * rows + 12)
    case 'density': {
      const { probes, outliers } = measure
      const steps = Math.min(measure.steps, size)
      const own = densityVectors(probes, steps, { outliers: 2 * outliers })
      return outliers === 0
        ? own
        : either(own, searchVectors(size, 2 * outliers, searchBudget(outliers)))
    }
    case 'dense':
      // In float64, with its lower triangle again.
      return noBasis(3 * size)
  }
}

const productsAtMost = ({
  probes,
  precision,
  maxProducts,
}: Pick<
  Extract<MeasureSpec, { kind: 'trace' }>,
  'probes' | 'precision' | 'maxProducts'
>): number => (precision === undefined ? probes : maxProducts)

/**
 * Forecasts the memory of a measurement.
 *
 * @param rows - Vectors a block.
 * @param products - Of its matrix, in float32 but for one that is written out.
 */
export function forecastMeasuring(
  measure: MeasureSpec,
  matrix: MatrixSize,
  rows: number,
  products: ProductMemory,
): MemoryForecast {
  const size = orderOf(matrix)
  const vectors = vectorsOf(measure, size, rows)
  const vectorBytes = 4 * size
  // Where it is made at snapshots, also those of one, with the file they come from; in float64 all once more.
  const networks = measure.kind === 'evolution' || measure.at === 'snapshots' ? 3 : 1
  const copies = measure.kind === 'dense' ? networks + 2 : networks
  // The matrix of all samples stays while those without a group are measured.
  const matrices = measure.kind === 'density' && measure.resamples > 0 ? 2 : 1
  return forecastOf({
    parameters: 4 * copies * matrix.model.layout.size,
    state: 0,
    activations: matrices * products.activations,
    basis: vectors.basis * vectorBytes,
    workspace: matrices * products.workspace + vectors.others * vectorBytes,
  })
}

/**
 * A whole number from 1 to `limit` that fits, the largest if all below one that fits do (a forecast is not quite
 * monotone); 0 for none.
 */
export function largestFitting(limit: number, fits: (value: number) => boolean): number {
  let [low, high] = [0, limit]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (fits(middle)) low = middle
    else high = middle - 1
  }
  return low
}

/**
 * Refuses a phase.
 *
 * @param available - What there is, in words.
 * @param advice - What would fit.
 */
export function refuse(
  phase: string,
  forecast: MemoryForecast,
  available: string,
  advice: string,
): never {
  throw new InputError(
    'memory',
    `${phase} needs ${describeForecast(forecast)}; ${available}; ${advice}`,
  )
}
