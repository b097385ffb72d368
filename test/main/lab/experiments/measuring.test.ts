import { describe, expect, test } from 'vitest'
import { StoppedError } from '#base'
import { encodeSafetensors, parseSafetensors } from '#learn/datasets'
import type {
  DenseDocument,
  DensityDocument,
  DiagonalDocument,
  EigenpairsDocument,
  EvolutionDocument,
  ExperimentInput,
  InteriorDocument,
  MeasureInput,
  MeasurementDocument,
  ScalarDocument,
  TraceDocument,
  WorkerEvent,
} from '#shared/schemas'
import { collectRun as run } from './support.ts'

const small: ExperimentInput = {
  model: { hidden: [8] },
  data: { kind: 'gaussian-mixture', dimension: 5, classes: 3, samples: 100 },
  train: {
    epochs: 6,
    batchSize: 16,
    checkpointEverySteps: 1000,
    snapshots: { kind: 'linear', everySteps: 10 },
  },
}
const lastStep = 30
const parameterCount = 8 * 6 + 3 * 9

const measuring = (...measure: MeasureInput[]) => run({ ...small, measure })
const refusal = async (measure: MeasureInput, rest: ExperimentInput = {}): Promise<string> => {
  const { outcome } = await run({ ...small, ...rest, measure: [measure] })
  return outcome instanceof Error ? outcome.message : String(outcome)
}

/** Whether products of a measurement have been made. */
const isMeasuring = (event: WorkerEvent): event is Extract<WorkerEvent, { type: 'progressed' }> =>
  event.type === 'progressed' && event.progress.phase === 'measuring' && event.progress.done > 0

/** Whether a density has found its outliers, within 121 products, and is at its probes. */
const isProbing = (event: WorkerEvent): boolean => isMeasuring(event) && event.progress.done > 130

/** Documents without the time they took. */
const timeless = (documents: readonly MeasurementDocument[]) =>
  documents.map((document) => ({ ...document, cost: { ...document.cost, elapsedMs: 0 } }))

describe('a measurement at snapshots', () => {
  test('is made at each kept step with draws of its own, and not again where it is stored', async () => {
    const measure: MeasureInput = { kind: 'trace', probes: 4, at: 'snapshots' }
    const whole = await measuring(measure)
    expect(whole.documents.map(({ step }) => step)).toEqual([0, 10, 20, 30])
    const rest = await run(
      { ...small, measure: [measure] },
      { measured: [0, 10, 30].map((step) => ({ index: 0, step })) },
    )
    expect(timeless(rest.documents)).toEqual(timeless([whole.documents[2]!]))
  })

  test('that is stored keeps no state of how far it was', async () => {
    // Killed after the document was stored and before its state was removed.
    const foreign = encodeSafetensors(new Map(), new Map([['origin', 'other weights']]))
    const left = ['0-0', '0-10'].map((name) => [name, foreign] as const)
    const { outcome, documents, states } = await run(
      { ...small, measure: [{ kind: 'trace', probes: 4, at: 'snapshots' }] },
      { measured: [{ index: 0, step: 0 }], states: new Map(left) },
    )
    expect(outcome).toBe('finished')
    expect(documents.map(({ step }) => step)).toEqual([10, 20, 30])
    expect([...states.keys()]).toEqual([])
  })

  test('at the last step agrees with one at the end up to its draws', async () => {
    const { documents } = await measuring({ kind: 'dense', at: 'snapshots' }, { kind: 'dense' })
    expect(documents.map(({ step }) => step)).toEqual([0, 10, 20, lastStep, lastStep])
    const [first, , , last, end] = documents as DenseDocument[]
    expect(last!.eigenvalues).toEqual(end!.eigenvalues)
    expect(last!.eigenvalues).not.toEqual(first!.eigenvalues)
  })
})

describe('a density', () => {
  test('is consistent, and its band holds most of the exact density', async () => {
    const { documents } = await measuring(
      { kind: 'density', probes: 10, steps: 20, outliers: 6 },
      { kind: 'dense' },
    )
    const [density, dense] = documents as [DensityDocument, DenseDocument]
    expect(density).toMatchObject({ status: 'estimated', level: 0.95, selfCheck: { passes: true } })
    expect(density.atoms.length).toBeGreaterThan(0)
    for (const { value, residual } of density.atoms) {
      const nearest = Math.min(...dense.eigenvalues.map((exact) => Math.abs(exact - value)))
      expect(nearest).toBeLessThanOrEqual(residual + 1e-6)
    }
    const deviation = density.kernel.standardDeviation
    const exact = density.grid.map((lambda) =>
      dense.eigenvalues.reduce((sum, value) => {
        const distance = (lambda - value) / deviation
        return sum + Math.exp(-0.5 * distance * distance)
      }, 0),
    )
    const norm = Math.sqrt(2 * Math.PI) * deviation * dense.eigenvalues.length
    const held = exact.filter((height, i) => {
      const value = height / norm
      // What is known exactly has a band of no width: products are rounded.
      const rounding = 1e-4 * value
      return density.lower[i]! <= value + rounding && value <= density.upper[i]! + rounding
    })
    expect(held.length / exact.length).toBeGreaterThan(0.85)
    const negative = dense.eigenvalues.filter((value) => value < 0).length
    expect(density.negative!.lower).toBeLessThanOrEqual(negative)
    expect(density.negative!.upper).toBeGreaterThanOrEqual(negative)
  })

  test('has a wider band over data, from groups of samples left out', async () => {
    const { documents } = await measuring({ kind: 'density', steps: 12, resamples: 4 })
    const { resampling, lower, upper } = documents[0] as DensityDocument
    expect(resampling!.groups).toBe(4)
    const width = (low: readonly number[], high: readonly number[]) =>
      high.reduce((sum, value, i) => sum + value - low[i]!, 0)
    expect(width(resampling!.lower, resampling!.upper)).toBeGreaterThan(1.01 * width(lower, upper))
    resampling!.lower.forEach((value, i) => {
      expect(value).toBeLessThanOrEqual(lower[i]!)
      expect(resampling!.upper[i]!).toBeGreaterThanOrEqual(upper[i]!)
    })
  })

  test('that is interrupted goes on from its bases, bit by bit', async () => {
    const spec: ExperimentInput = {
      ...small,
      model: { hidden: [64, 64] },
      measure: [{ kind: 'density', probes: 10, steps: 80 }],
    }
    const whole = await run(spec)
    const stopped = await run(spec, { stopAt: isProbing })
    expect(stopped.outcome).toBeInstanceOf(StoppedError)
    expect([...stopped.states.keys()]).toEqual([`0-${lastStep}`])
    const rest = await run(spec, {
      checkpoint: stopped.checkpoints.get(lastStep),
      weights: stopped.weights,
      states: stopped.states,
    })
    expect(timeless(rest.documents)).toEqual(timeless(whole.documents))
    expect(rest.states.size).toBe(0)
  })

  test('does not go on from the state of other weights', async () => {
    const spec: ExperimentInput = {
      ...small,
      model: { hidden: [64, 64] },
      measure: [{ kind: 'density', probes: 10, steps: 80 }],
    }
    const stopped = await run(spec, { stopAt: isProbing })
    const longer = { ...spec, train: { ...small.train, epochs: 7 } }
    const [fresh, rest] = [
      await run(longer),
      await run(longer, { states: new Map([['0-35', stopped.states.get('0-30')!]]) }),
    ]
    expect(timeless(rest.documents)).toEqual(timeless(fresh.documents))
  })
})

describe('eigenpairs', () => {
  const spec: ExperimentInput = {
    ...small,
    model: { hidden: [64, 64] },
    measure: [{ kind: 'eigenpairs', top: 20, bottom: 20, tolerance: 1e-5, blockSize: 2 }],
  }

  test('that are interrupted go on from their basis, bit by bit', async () => {
    const whole = await run(spec)
    expect(whole.documents[0]).toMatchObject({ kind: 'eigenpairs', blockSize: 2 })
    const stopped = await run(spec, { stopAt: isMeasuring })
    expect(stopped.outcome).toBeInstanceOf(StoppedError)
    const rest = await run(spec, {
      checkpoint: stopped.checkpoints.get(lastStep),
      weights: stopped.weights,
      states: stopped.states,
    })
    expect(stopped.states.size).toBe(1)
    expect(timeless(rest.documents)).toEqual(timeless(whole.documents))
  })

  test('keep their vectors if asked, which are eigenvectors of the matrix', async () => {
    const { documents, vectors } = await measuring({
      kind: 'eigenpairs',
      top: 3,
      bottom: 1,
      keepVectors: true,
    })
    const [document] = documents as [EigenpairsDocument]
    const { arrays } = parseSafetensors(vectors.get(document.fileName!)!, 'vectors')
    expect([...arrays].map(([name, { shape }]) => [name, shape])).toEqual([
      ['top', [3, parameterCount]],
      ['bottom', [1, parameterCount]],
    ])
    const norm = Math.hypot(...arrays.get('top')!.data.slice(0, parameterCount))
    expect(norm).toBeCloseTo(1, 5)
  })

  test('inside the spectrum are among all', async () => {
    const { documents } = await measuring(
      { kind: 'interior', target: 0.2, count: 2 },
      { kind: 'dense' },
    )
    const [interior, dense] = documents as [InteriorDocument, DenseDocument]
    const nearest = dense.eigenvalues.toSorted((a, b) => Math.abs(a - 0.2) - Math.abs(b - 0.2))
    expect(interior.status).toBe('converged')
    interior.pairs.forEach(({ value }, i) => {
      expect(Math.abs(value - nearest[i]!)).toBeLessThan(1e-3 * Math.abs(dense.eigenvalues.at(-1)!))
    })
  })
})

describe('numbers', () => {
  test('agree with the whole spectrum within their errors', async () => {
    const quantities = ['square-trace', 'effective-rank', 'participation-ratio'] as const
    const { documents } = await measuring(
      { kind: 'dense' },
      { kind: 'trace', method: 'xtrace', precision: 0.02 },
      { kind: 'diagonal', probes: 200 },
      ...[...quantities, 'goldilocks-ratio' as const].map((quantity): MeasureInput => ({
        kind: 'scalar',
        quantity,
        precision: 0.02,
      })),
    )
    const [dense, trace, diagonal, ...scalars] = documents as [
      DenseDocument,
      TraceDocument,
      DiagonalDocument,
      ...ScalarDocument[],
    ]
    const sum = dense.eigenvalues.reduce((total, value) => total + value, 0)
    const square = dense.eigenvalues.reduce((total, value) => total + value ** 2, 0)
    const largest = dense.eigenvalues.at(-1)!
    const expectNear = (value: number, standardError: number, exact: number) => {
      expect(Math.abs(value - exact)).toBeLessThan(4 * standardError + 1e-4 * Math.abs(exact))
    }
    expect(trace.status).toBe('converged')
    expect(trace.standardError).toBeLessThanOrEqual(0.02 * Math.abs(trace.value))
    expectNear(trace.value, trace.standardError, sum)
    const parts = diagonal.parts.reduce((total, { value }) => total + value, 0)
    expect(diagonal.parts.map(({ name }) => name)).toContain('layers.0.weight')
    expectNear(parts, Math.hypot(...diagonal.parts.map((part) => part.standardError)) * 2, sum)
    const exact = [square, sum / largest, sum ** 2 / square, sum / Math.sqrt(square)]
    scalars.forEach(({ value, standardError }, i) => {
      expectNear(value!, standardError!, exact[i]!)
    })
  })
})

describe('an evolution', () => {
  const measure: MeasureInput = { kind: 'evolution', top: 4, blockSize: 1 }

  test('has a row for each snapshot, with what searches from nothing find', async () => {
    const { documents } = await measuring(measure, {
      kind: 'eigenpairs',
      top: 4,
      bottom: 1,
      at: 'snapshots',
    })
    const [evolution, ...each] = documents as [EvolutionDocument, ...EigenpairsDocument[]]
    expect(evolution).toMatchObject({ status: 'converged', dimension: 4, classCount: 3 })
    expect(evolution.rows.map(({ step }) => step)).toEqual([0, 10, 20, 30])
    evolution.rows.forEach((row, i) => {
      row.top.forEach(({ value }, k) => {
        expect(value).toBeCloseTo(each[i]!.top[k]!.value, 3)
      })
      expect(row.gradientShare).toBeGreaterThan(evolution.chance.gradientShare)
      expect(row.angles === null).toBe(i === 0)
      expect(row.overlap ?? 1).toBeGreaterThan(evolution.chance.overlap)
    })
  })

  test('that is interrupted goes on from its last snapshot, bit by bit', async () => {
    const spec: ExperimentInput = { ...small, model: { hidden: [64, 64] }, measure: [measure] }
    const whole = await run(spec)
    const stopped = await run(spec, {
      stopAt: (event) => isMeasuring(event) && event.progress.done > 40,
    })
    expect(stopped.outcome).toBeInstanceOf(StoppedError)
    expect(stopped.states.size).toBe(1)
    const rest = await run(spec, {
      checkpoint: stopped.checkpoints.get(lastStep),
      weights: stopped.weights,
      states: stopped.states,
    })
    expect(timeless(rest.documents)).toEqual(timeless(whole.documents))
  })
})

describe('a matrix', () => {
  test('of tensors or outputs has its own order', async () => {
    const { documents } = await measuring(
      { kind: 'dense', tensors: ['layers.0'] },
      { kind: 'dense', operator: 'ntk', samples: 7 },
      { kind: 'dense', operator: 'ggn', samples: 7, split: 'validation' },
    )
    const [block, gram, ggn] = documents as DenseDocument[]
    expect(block).toMatchObject({ parameterCount, size: 48, tensors: ['layers.0'] })
    expect(gram).toMatchObject({ parameterCount, size: 21, sampleCount: 7 })
    expect(ggn).toMatchObject({ size: null, sampleCount: 7, split: 'validation' })
    expect(Math.min(...gram!.eigenvalues)).toBeGreaterThan(-1e-9)
    // rank G ≤ N·(C − 1)
    const largest = ggn!.eigenvalues.at(-1)!
    expect(ggn!.eigenvalues.filter((value) => value > 1e-9 * largest)).toHaveLength(14)
  })
})

describe('a measurement that cannot be made is refused before training', () => {
  test.each<[MeasureInput, ExperimentInput, RegExp]>([
    [
      { kind: 'trace', tensors: ['layers.7'] },
      {},
      /measure\.0\.tensors must be names, .*layers\.0\.weight.*; got layers\.7/,
    ],
    [
      { kind: 'trace', split: 'validation' },
      { data: { ...small.data, validationFraction: 0 } as ExperimentInput['data'] },
      /measure\.0\.split must be training: no samples are held out/,
    ],
    [
      { kind: 'density', resamples: 50, samples: 20 },
      {},
      /measure\.0\.resamples must be 0, or in 2…20 .*, got 50/,
    ],
    [
      { kind: 'evolution', tensors: ['layers.1.bias'], top: 3 },
      {},
      /measure\.0\.top must be less than 3, the order of the matrix, got 3/,
    ],
    [
      { kind: 'density', operator: 'gradient-covariance', samples: 1 },
      {},
      /measure\.0\.samples must be 2 or more for the gradient covariance, got 1/,
    ],
    [
      { kind: 'dense' },
      { model: { hidden: [2000] } },
      /measure\.0\.kind dense is for matrices of order 5000 at most, this is of order 18003/,
    ],
  ])('%o', async (measure, rest, message) => {
    expect(await refusal(measure, rest)).toMatch(message)
  })
})
