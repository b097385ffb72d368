import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runExperiment, type ExperimentContext, type Workplace } from '#lab/experiments'
import {
  experimentSchema,
  type ExperimentInput,
  type MeasurementDocument,
  type MetricRow,
} from '#shared/schemas'
import { loadData } from '../../../../src-main/lab/experiments/data.ts'
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

async function run(input: ExperimentInput, limits: Workplace['limits']): Promise<Findings> {
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
  const order = { spec: experimentSchema.parse(input), seed: 1, measured: [], elapsedMs: 0 }
  await runExperiment(order, 'hash', { resources, runtime, origin, limits }, context)
  return findings
}

/** The refusal under a limit. */
const refusal = (input: ExperimentInput, bytes: number): Promise<string> =>
  run(input, { bytes }).then(
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
