import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  runExperiment,
  type ExperimentContext,
  type MeasureKey,
  type Workplace,
} from '#lab/experiments'
import {
  experimentSchema,
  type ExperimentInput,
  type MeasureInput,
  type MeasurementDocument,
  type MetricRow,
} from '#shared/schemas'
import { loadData } from '../../../../src-main/lab/experiments/data.ts'
import {
  forecastMeasuring,
  forecastProducts,
} from '../../../../src-main/lab/experiments/forecast.ts'
import { planMemory } from '../../../../src-main/lab/experiments/memory-plan.ts'
import { modelOfSpec } from '../../../../src-main/lab/experiments/model-of-spec.ts'
import { runtime, workplace } from './support.ts'

const { origin } = workplace
const mebibyte = 2 ** 20

/** A network of 1.2 million parameters; training takes about 200 MiB, most of it for the batch. */
const wide: ExperimentInput = {
  model: { hidden: [1000, 1000] },
  data: { kind: 'gaussian-mixture', dimension: 200, classes: 3, samples: 3000 },
  train: { epochs: 1, batchSize: 2000 },
  measure: [],
}

interface Findings {
  readonly metrics: MetricRow[]
  readonly documents: MeasurementDocument[]
}

async function run(
  input: ExperimentInput,
  limits: Workplace['limits'],
  measured: readonly MeasureKey[] = [],
): Promise<Findings> {
  const findings: Findings = { metrics: [], documents: [] }
  const context: ExperimentContext = {
    signal: new AbortController().signal,
    emit: (event) => {
      if (event.type === 'metrics') findings.metrics.push(...event.rows)
      if (event.type === 'measured') findings.documents.push(event.document)
    },
    loadCheckpoint: () => Promise.resolve(null),
    saveCheckpoint: () => Promise.resolve(),
    saveWeights: () => Promise.resolve(),
    keptSteps: () => [],
    loadWeights: () => Promise.reject(new Error('none are kept')),
    saveVectors: () => Promise.resolve(''),
    loadMeasureState: () => null,
    saveMeasureState: () => {},
  }
  const resources = join(import.meta.dirname, '../../../../resources')
  const order = {
    spec: experimentSchema.parse(input),
    seed: 1,
    measured: [...measured],
    elapsedMs: 0,
  }
  await runExperiment(order, 'hash', { resources, runtime, origin, limits }, context)
  return findings
}

/** The refusal under a limit. */
const refusal = (
  input: ExperimentInput,
  bytes: number,
  measured: readonly MeasureKey[] = [],
): Promise<string> =>
  run(input, { bytes }, measured).then(
    () => 'none',
    (error: unknown) => (error as Error).message,
  )

describe('an experiment that needs more memory than there is', () => {
  test('is refused before it trains, with the parts and the largest batch that fits', async () => {
    const limit = 130 * mebibyte
    const message = await refusal(wide, limit)
    expect(message).toMatch(
      /^training needs [\d.]+ MiB: parameters [\d.]+ MiB, optimizer state [\d.]+ MiB, activations [\d.]+ MiB, workspace [\d.]+ MiB; 130 MiB are available; a batch of \d+ would fit \(train\.batchSize is 2000\)$/,
    )
    const fitting = Number(/a batch of (\d+)/.exec(message)?.[1])
    const withBatch = (batchSize: number): ExperimentInput => ({
      ...wide,
      train: { ...wide.train, batchSize },
    })
    expect(await refusal(withBatch(fitting), limit)).toBe('none')
    expect(await refusal(withBatch(2 * fitting), limit)).toContain('would fit')
  })

  test('is refused where K-FAC goes through the network once an output, not where it samples', async () => {
    const withFisher = (fisher: 'exact' | 'sampled'): ExperimentInput => ({
      model: { kind: 'transformer', width: 16, layers: 1, heads: 2 },
      data: { kind: 'text', task: 'language-model', context: 32, samples: 20 },
      train: { optimizer: { kind: 'kfac', fisher, damping: 1 }, batchSize: 8, epochs: 1 },
      measure: [],
    })
    expect(await refusal(withFisher('sampled'), 64 * mebibyte)).toBe('none')
    expect(await refusal(withFisher('exact'), 64 * mebibyte)).toMatch(
      /^training needs .* activations/,
    )
  })

  test('is told when no batch would help', async () => {
    expect(await refusal(wide, 10 * mebibyte)).toMatch(/; no batch would fit$/)
  })

  test('names the measurement at fault and how much of it would fit', async () => {
    const input: ExperimentInput = {
      ...wide,
      train: { ...wide.train, batchSize: 10 },
      measure: [
        { kind: 'trace', probes: 2 },
        { kind: 'density', probes: 100, steps: 2, outliers: 0 },
      ],
    }
    const message = await refusal(input, 150 * mebibyte)
    expect(message).toMatch(
      /^measure\.1 \(density\) needs .* basis .*; 150 MiB are available, and .* for the basis; probes = \d+ would fit \(with 100 asked for\)$/,
    )
    const fitting = Number(/probes = (\d+)/.exec(message)?.[1])
    expect(fitting).toBeGreaterThan(1)
    expect(fitting).toBeLessThan(100)
  })

  test('is told of a measurement at snapshots though some of them are stored', async () => {
    const input: ExperimentInput = {
      ...wide,
      train: { ...wide.train, batchSize: 10, snapshots: { kind: 'linear', everySteps: 100 } },
      measure: [{ kind: 'density', probes: 100, steps: 2, outliers: 0, at: 'snapshots' }],
    }
    const measured = [{ index: 0, step: 0 }]
    const limit = 150 * mebibyte
    expect(await refusal(input, limit, measured)).toMatch(/^measure\.0 \(density\) needs /)
    expect(await refusal(input, limit, measured)).toBe(await refusal(input, limit))
  })
})

describe('the forecast of a measurement', () => {
  const forecastOf = async (measure: MeasureInput, input: ExperimentInput = wide) => {
    const spec = experimentSchema.parse({ ...input, measure: [measure] })
    const data = await loadData(spec.data, 1, spec.train.loss, '')
    const model = modelOfSpec(spec, data)
    const matrix = spec.measure[0]!
    const size = { model, loss: spec.train.loss, sampleCount: matrix.samples!, matrix }
    const setting = { rows: 8, batchSize: 1024 }
    const forecast = forecastMeasuring(matrix, size, 8, forecastProducts(size, setting))
    return { forecast, parameterBytes: 4 * model.layout.size }
  }

  test('holds the whole network, whatever the order of the matrix', async () => {
    const trace = { kind: 'trace', samples: 8 } as const
    const measures: MeasureInput[] = [
      { ...trace, operator: 'ntk' },
      { ...trace, tensors: ['layers.2.bias'] },
      trace,
    ]
    for (const measure of measures) {
      const { forecast, parameterBytes } = await forecastOf(measure)
      expect(forecast.parameters).toBe(parameterBytes)
    }
    const { forecast, parameterBytes } = await forecastOf(
      {
        kind: 'trace',
        samples: 8,
        at: 'snapshots',
      },
      { ...wide, train: { ...wide.train, snapshots: { kind: 'linear', everySteps: 1 } } },
    )
    expect(forecast.parameters).toBe(3 * parameterBytes)
  })

  test('holds a second matrix where groups of samples are left out', async () => {
    const density = { kind: 'density', samples: 1024, outliers: 0 } as const
    const { forecast: once } = await forecastOf(density)
    const { forecast: twice } = await forecastOf({ ...density, resamples: 2 })
    expect(twice.activations).toBe(2 * once.activations)
    expect(twice.workspace).toBeGreaterThan(once.workspace)
  })

  test('holds the blocks of outputs of a Gram matrix', async () => {
    const at = async (samples: number) =>
      (await forecastOf({ kind: 'trace', operator: 'ntk', samples })).forecast.workspace
    // 3 outputs a sample in blocks of 8 vectors and of one, and in 4 probes' worth of the estimate.
    expect((await at(2048)) - (await at(1024))).toBeGreaterThanOrEqual(1024 * 3 * 9 * 4)
  })
})

test('a matrix that is written out is refused for what its products take in float64', async () => {
  const input: ExperimentInput = {
    model: { hidden: [60] },
    data: { kind: 'gaussian-mixture', dimension: 4, classes: 3, samples: 4000 },
    train: { epochs: 1, batchSize: 10 },
    measure: [{ kind: 'dense' }],
  }
  // 483 parameters take 3 MiB as a matrix; blocks of 32 vectors and 256 samples through 60 neurons 4 MiB a value.
  const message = await refusal(input, 8 * mebibyte)
  expect(message).toMatch(/^measure\.0 \(dense\) needs .* activations/)
  expect(await refusal({ ...input, measure: [{ kind: 'trace', probes: 2 }] }, 8 * mebibyte)).toBe(
    'none',
  )
})

test('a basis that finds no room goes to disk, and the results are the same', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'saddle-plan-'))
  const input: ExperimentInput = {
    model: { hidden: [300] },
    data: { kind: 'gaussian-mixture', dimension: 20, classes: 3, samples: 200 },
    train: { epochs: 1, batchSize: 20 },
    measure: [{ kind: 'density', probes: 2, steps: 200 }],
  }
  const limits = { bytes: 12 * mebibyte, scratch }
  const spec = experimentSchema.parse(input)
  const data = await loadData(spec.data, 1, spec.train.loss, '')
  const model = modelOfSpec(spec, data)
  const pending = [...spec.measure.entries()]
  const plan = await planMemory({ spec, model, data, pending, runtime, limits })
  // Two bases of 200 vectors of 7,203 numbers: there is room for less than one.
  expect(plan.basis.residentBytes).toBeLessThan(200 * 7203 * 4)
  const [expected, got] = [await run(input, {}), await run(input, limits)]
  const [roomy, tight] = [expected, got].map(({ documents }) =>
    documents.map((document) => ({ ...document, cost: null })),
  )
  expect(roomy).toHaveLength(1)
  expect(tight).toEqual(roomy)
  expect(readdirSync(scratch)).toEqual([])
  rmSync(scratch, { recursive: true })
})
