import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { StoppedError } from '#base'
import { encodeNpz, parseSafetensors } from '#learn/datasets'
import type { ExperimentInput, TrainSpec } from '#shared/schemas'
import { collectRun, tensorsOf, timeless } from './support.ts'

type Optimizer = NonNullable<NonNullable<ExperimentInput['train']>['optimizer']>

/** Each optimizer with a rate at which the small network learns. */
const optimizers: { readonly [K in TrainSpec['optimizer']['kind']]: Optimizer } = {
  sgd: { kind: 'sgd', learningRate: 0.2, weightDecay: 1e-3, clipNorm: 1 },
  momentum: { kind: 'momentum', learningRate: 0.05, nesterov: true },
  adam: { kind: 'adam', learningRate: 0.01 },
  adamw: { kind: 'adamw', learningRate: 0.01 },
  rmsprop: { kind: 'rmsprop', learningRate: 0.005, momentum: 0.5, centered: true },
  lbfgs: { kind: 'lbfgs', historySize: 4 },
  kfac: { kind: 'kfac', inversesEvery: 4, damping: 0.1 },
}

const small = (train: ExperimentInput['train'] = {}): ExperimentInput => ({
  model: { hidden: [8] },
  data: { kind: 'gaussian-mixture', dimension: 5, classes: 3, samples: 100 },
  train: { epochs: 6, batchSize: 16, evaluateEverySteps: 4, checkpointEverySteps: 5, ...train },
  measure: [],
})

describe.each(Object.entries(optimizers))('training by %s', (_, optimizer) => {
  test('learns, and says how each step moved', async () => {
    const { outcome, rows, end } = await collectRun(small({ optimizer }))
    expect(outcome).toBe('finished')
    expect(end).toEqual({ step: 30, reason: 'epochs' })
    expect(rows.at(-1)!.trainLoss).toBeLessThan(0.8 * rows[0]!.trainLoss)
    for (const row of rows) {
      expect(row.batchLoss).toBeGreaterThan(0)
      expect(row.gradientNorm).toBeGreaterThan(0)
      expect(row.distance).toBeGreaterThan(0)
      expect(row.updateNorm).toBeGreaterThanOrEqual(0)
      if (row.step > 1) expect(Math.abs(row.gradientCosine!)).toBeLessThanOrEqual(1 + 1e-6)
    }
    // The first step starts at θ₀.
    expect(rows[0]!.distance! / rows[0]!.updateNorm!).toBeCloseTo(1, 5)
  })

  // Between two checkpoints, at one, and with the next row one step away.
  test.each([7, 10, 11])('stopped after step %i it goes on bit by bit', async (stopAfter) => {
    const input = small({ optimizer, checkpointEverySteps: stopAfter })
    const whole = await collectRun(input)
    const cut = await collectRun(input, { stopAtCheckpoint: stopAfter })
    expect(cut.outcome).toBeInstanceOf(StoppedError)
    const rest = await collectRun(input, { checkpoint: cut.checkpoints.get(stopAfter) })
    expect(rest.outcome).toBe('finished')
    expect(timeless([...cut.rows, ...rest.rows])).toEqual(timeless(whole.rows))
    expect(tensorsOf(rest.checkpoints.get(30)!)).toEqual(tensorsOf(whole.checkpoints.get(30)!))
    expect(rest.weights.get(30)).toEqual(whole.weights.get(30))
  })
})

describe('training by L-BFGS on overlapping batches', () => {
  const input = small({
    optimizer: { kind: 'lbfgs', historySize: 4, overlap: 0.3 },
    checkpointEverySteps: 10,
  })

  test('takes the steps that visiting 80 rows needs if 5 of 16 are shared', async () => {
    const { end, rows } = await collectRun(input)
    // ⌈(80 − 5) / 11⌉ = 7 in each of 6 epochs.
    expect(end).toEqual({ step: 42, reason: 'epochs' })
    expect(rows.at(-1)!.epoch).toBe(6)
    expect(rows.at(-1)!.trainLoss).toBeLessThan(0.8 * rows[0]!.trainLoss)
  })

  // Within an epoch, and at the end of the third.
  test.each([10, 21])('stopped after step %i it goes on bit by bit', async (stopAfter) => {
    const spec = { ...input, train: { ...input.train, checkpointEverySteps: stopAfter } }
    const whole = await collectRun(spec)
    const cut = await collectRun(spec, { stopAtCheckpoint: stopAfter })
    const rest = await collectRun(spec, { checkpoint: cut.checkpoints.get(stopAfter) })
    expect(cut.outcome).toBeInstanceOf(StoppedError)
    expect(timeless([...cut.rows, ...rest.rows])).toEqual(timeless(whole.rows))
    expect(tensorsOf(rest.checkpoints.get(42)!)).toEqual(tensorsOf(whole.checkpoints.get(42)!))
  })

  test('shares nothing where a batch holds the whole set', async () => {
    const full = (overlap: number) =>
      collectRun(small({ batchSize: 100, optimizer: { kind: 'lbfgs', overlap } }))
    expect(timeless((await full(0.5)).rows)).toEqual(timeless((await full(0)).rows))
  })
})

describe('training', () => {
  test('with batch normalization goes on bit by bit, running statistics too', async () => {
    const input: ExperimentInput = {
      ...small({ epochs: 4 }),
      model: { kind: 'cnn', channels: [4], strides: [1], normalization: 'batch' },
      data: { kind: 'digits' },
      train: {
        stop: { maxSteps: 8 },
        batchSize: 32,
        evaluateEverySteps: 4,
        evaluationSamples: 50,
        checkpointEverySteps: 3,
      },
    }
    const whole = await collectRun(input)
    const cut = await collectRun(input, { stopAtCheckpoint: 3 })
    expect(cut.outcome).toBeInstanceOf(StoppedError)
    const rest = await collectRun(input, { checkpoint: cut.checkpoints.get(3) })
    expect(rest.weights.get(8)).toEqual(whole.weights.get(8))
    const { arrays } = parseSafetensors(whole.weights.get(8)!, 'weights')
    const variance = [...arrays].find(([name]) => name.endsWith('running_var'))![1]
    expect([...variance.data].some((value) => value !== 1)).toBe(true)
  })

  test('ends at the target loss, by the steps, by a plateau', async () => {
    const target = await collectRun(small({ epochs: 100, stop: { targetLoss: 0.3 } }))
    expect(target.end!.reason).toBe('target-loss')
    expect(target.rows.at(-1)!.trainLoss).toBeLessThanOrEqual(0.3)
    expect(target.rows.at(-2)!.trainLoss).toBeGreaterThan(0.3)
    const steps = await collectRun(small({ epochs: 100, stop: { maxSteps: 9 } }))
    expect(steps.end).toEqual({ step: 9, reason: 'steps' })
    expect(steps.rows.at(-1)!.step).toBe(9)
    const plateau = await collectRun(
      small({
        epochs: 500,
        optimizer: { kind: 'adam', learningRate: 0.05 },
        stop: { patience: 5 },
      }),
    )
    expect(plateau.end!.reason).toBe('plateau')
  })

  test('a step that is not finite ends by divergence if that is asked for, and fails if not', async () => {
    const wild = { optimizer: { kind: 'sgd', learningRate: 900 }, loss: 'squared-error' } as const
    const linear = { hidden: [] as number[], activation: 'identity' as const }
    const failed = await collectRun({ ...small(wild), model: linear })
    expect(String(failed.outcome)).toMatch(/not a finite number in .* at step \d+/)
    const input = { ...small({ ...wild, stop: { divergence: 1e300 } }), model: linear }
    const ended = await collectRun(input)
    expect(ended.outcome).toBe('finished')
    expect(ended.end!.reason).toBe('divergence')
    const { arrays } = parseSafetensors(ended.weights.get(ended.end!.step)!, 'weights')
    for (const { data } of arrays.values()) expect([...data].every(Number.isFinite)).toBe(true)
  })

  test('a run that had ended by a rule goes on to its measurements without a step', async () => {
    const input: ExperimentInput = {
      ...small({ epochs: 100, stop: { targetLoss: 0.5 } }),
      measure: [{ kind: 'trace', probes: 2 }],
    }
    const whole = await collectRun(input)
    const { step } = whole.end!
    const again = await collectRun(input, { checkpoint: whole.checkpoints.get(step) })
    expect(again.end).toEqual(whole.end)
    expect(again.rows).toEqual([])
    const timelessDocuments = (run: typeof whole) =>
      run.documents.map((document) => ({ ...document, cost: null }))
    expect(timelessDocuments(again)).toEqual(timelessDocuments(whole))
  })

  test('keeps weights at the steps of the snapshots, before the first and after the last', async () => {
    const { weights } = await collectRun(small({ snapshots: { kind: 'log', perDecade: 2 } }))
    expect([...weights.keys()]).toEqual([0, 1, 3, 10, 30])
    const best = await collectRun(small({ snapshots: { kind: 'best' } }))
    expect(best.weights.size).toBeGreaterThan(1)
  })

  test('an average of the weights is what is evaluated and kept', async () => {
    const plain = await collectRun(small())
    const averaged = await collectRun(small({ averageDecay: 0.9 }))
    const last = (run: typeof plain) => parseSafetensors(run.weights.get(30)!, 'weights').arrays
    const trained = (run: typeof plain) =>
      parseSafetensors(run.checkpoints.get(30)!, 'checkpoint').arrays
    // The steps are the same, what is looked at is not.
    expect(trained(averaged).get('layers.0.weight')).toEqual(trained(plain).get('layers.0.weight'))
    expect(last(averaged).get('layers.0.weight')).not.toEqual(last(plain).get('layers.0.weight'))
    expect(averaged.rows.at(-1)!.trainLoss).not.toBe(plain.rows.at(-1)!.trainLoss)
  })

  test.each(['safetensors', 'npz'])(
    'starts from the weights of another run as %s',
    async (form) => {
      const input: ExperimentInput = {
        ...small(),
        model: { kind: 'resnet', widthMultiplier: 0.25, groups: 2 },
        data: { kind: 'digits' },
        train: { stop: { maxSteps: 2 }, batchSize: 32, evaluationSamples: 20 },
      }
      const first = await collectRun(input)
      const bytes = first.weights.get(2)!
      const folder = mkdtempSync(join(tmpdir(), 'saddle-weights-'))
      const weights = join(folder, `weights.${form}`)
      const { arrays } = parseSafetensors(bytes, 'weights')
      writeFileSync(weights, form === 'npz' ? encodeNpz(arrays) : bytes)
      const again = await collectRun({
        ...input,
        model: { ...input.model, weights },
        train: { epochs: 0 },
      })
      expect(again.end).toEqual({ step: 0, reason: 'epochs' })
      expect(parseSafetensors(again.weights.get(0)!, 'weights').arrays).toEqual(arrays)
      const other = await collectRun({ ...input, model: { hidden: [4], weights } })
      expect(String(other.outcome)).toContain(weights)
      rmSync(folder, { recursive: true })
    },
  )
})
