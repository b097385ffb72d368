import { describe, expect, test } from 'vitest'
import { StoppedError } from '#base'
import type { ExperimentInput } from '#shared/schemas'
import { collectRun as run, runtime, tensorsOf, timeless } from './support.ts'

const small: ExperimentInput = {
  model: { hidden: [8] },
  data: { kind: 'gaussian-mixture', dimension: 5, classes: 3, samples: 100 },
  train: { epochs: 6, batchSize: 16, evaluateEverySteps: 4, checkpointEverySteps: 5 },
  measure: [{ kind: 'trace', probes: 4 }],
}

describe('runExperiment', () => {
  test('learns: the loss falls, the accuracy rises, and every row is finite', async () => {
    const { outcome, rows } = await run({ ...small, train: { ...small.train, epochs: 30 } })
    expect(outcome).toBe('finished')
    expect(rows.at(-1)!.trainLoss).toBeLessThan(0.5 * rows[0]!.trainLoss)
    expect(rows.at(-1)!.validationAccuracy).toBeGreaterThanOrEqual(0.7)
    expect(rows.map(({ step }) => step)).toEqual([...new Set(rows.map(({ step }) => step))])
  })

  test('gives bit-equal checkpoints, rows and measurements for equal spec and seed', async () => {
    const [first, second] = [await run(small), await run(small)]
    expect(timeless(second.rows)).toEqual(timeless(first.rows))
    for (const [step, bytes] of first.checkpoints) {
      expect(tensorsOf(second.checkpoints.get(step)!)).toEqual(tensorsOf(bytes))
    }
    const valueOf = ({ documents }: typeof first) =>
      documents.map((document) => document.kind === 'trace' && document.value)
    expect(valueOf(second)).toEqual(valueOf(first))
  })

  test('compiles nothing when the same spec runs again', async () => {
    const all: ExperimentInput = {
      ...small,
      measure: [
        { kind: 'eigenpairs', top: 2 },
        { kind: 'trace', probes: 4 },
        { kind: 'density', probes: 3, steps: 6 },
      ],
    }
    await run(all)
    const { sessionsCreated } = runtime.statistics()
    expect(sessionsCreated).toBeGreaterThan(0)
    await run(all)
    expect(runtime.statistics()).toMatchObject({ sessionsCreated, sessionsHeld: 0 })
  })

  test('resumed from any checkpoint ends bit-equal to the uninterrupted run', async () => {
    const whole = await run(small)
    const last = Math.max(...whole.checkpoints.keys())
    for (const [step, bytes] of whole.checkpoints) {
      const resumed = await run(small, { checkpoint: bytes })
      expect(resumed.outcome).toBe('finished')
      const later = whole.rows.filter((row) => row.step > step)
      expect(timeless(resumed.rows)).toEqual(timeless(later))
      if (step < last) {
        expect(tensorsOf(resumed.checkpoints.get(last)!)).toEqual(
          tensorsOf(whole.checkpoints.get(last)!),
        )
      }
    }
  })

  test('checkpoints the very step at which it is stopped', async () => {
    const stopped = await run(small, {
      stopAt: (event) => event.type === 'metrics' && event.rows[0]!.step === 8,
    })
    expect(stopped.outcome).toBeInstanceOf(StoppedError)
    expect(Math.max(...stopped.checkpoints.keys())).toBe(8)
  })

  test('does not measure again what is stored', async () => {
    const measure = [
      { kind: 'trace', probes: 4 },
      { kind: 'trace', probes: 8 },
    ] as const
    const { documents } = await run(
      { ...small, measure: [...measure] },
      { measured: [{ index: 0, step: 30 }] },
    )
    expect(documents.map(({ index }) => index)).toEqual([1])
  })

  test.each([
    [{ kind: 'digits' }, 'cross-entropy'],
    [{ kind: 'mnist', samples: 60 }, 'squared-error'],
    [{ kind: 'text', samples: 60, context: 2 }, 'cross-entropy'],
    [{ kind: 'gaussian-mixture', samples: 40 }, 'squared-error'],
    [{ kind: 'teacher-student', samples: 40, outputs: 2 }, 'squared-error'],
  ] as const)('trains and measures on %o with %s', async (data, loss) => {
    const { outcome, documents } = await run({
      model: { hidden: [4] },
      data,
      train: { loss, epochs: 1, batchSize: 32 },
      measure: [
        { kind: 'eigenpairs', top: 2, bottom: 1, maxProducts: 200 },
        { kind: 'density', probes: 2, steps: 5 },
      ],
    })
    expect(outcome).toBe('finished')
    expect(documents).toHaveLength(2)
  })

  test('names the step at which training diverged', async () => {
    const { outcome } = await run({
      ...small,
      data: { kind: 'teacher-student', samples: 50 },
      model: { hidden: [8], activation: 'relu' },
      train: {
        loss: 'squared-error',
        optimizer: { kind: 'sgd', learningRate: 900 },
        epochs: 50,
        batchSize: 10,
      },
    })
    expect(String(outcome)).toMatch(/not a finite number in .* at step \d+; try a smaller/)
  })

  test('names the step after which an evaluated loss is not finite', async () => {
    const { outcome } = await run({
      ...small,
      model: { hidden: [8, 8, 8], activation: 'relu' },
      train: {
        loss: 'squared-error',
        optimizer: { kind: 'sgd', learningRate: 1000 },
        batchSize: 10,
        evaluateEverySteps: 1,
      },
    })
    expect(String(outcome)).toMatch(
      /not a finite number in the evaluated training loss at step \d+; try a smaller/,
    )
  })
})
