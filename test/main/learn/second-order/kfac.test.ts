import { describe, expect, it } from 'vitest'
import {
  buildModel,
  outputProgram,
  type Architecture,
  type CnnSettings,
  type Model,
  type TransformerSettings,
} from '#learn/models'
import type { Task } from '#learn/tasks'
import { KfacStepper, type KfacSettings, type KfacStepResult } from '#learn/training'
import { createLayout, layoutViews, type TensorData } from '#tensor/dense'
import { gather, reshape } from '#tensor/program'
import { interpretProgram } from '#tensor/runtime'
import { jvp } from '#tensor/transforms'
import { factorTensors, kfacParts } from '../../../../src-main/learn/training/kfac-blocks.ts'
import { fullKfacSettings } from '../../../../src-main/learn/training/kfac-settings.ts'
import { kfacProblem, linearNetwork, type KfacProblem } from './kfac-problems.ts'

const plain = { learningRate: 1, isObserved: false }
const exact: KfacSettings = { fisher: 'exact', adaptEvery: 0 }

const create = (problem: KfacProblem, settings: KfacSettings, seed = 1): Promise<KfacStepper> =>
  KfacStepper.create({ ...problem, settings, seed })

/** A table alone: the answer to a token is its row times 1.5 (`ntk`) or its row. */
function tableModel(parameterization: 'standard' | 'ntk'): Model {
  const factor = parameterization === 'ntk' ? 1.5 : 1
  const draw = { kind: 'normal', deviation: 0.1 } as const
  const layout = createLayout([{ name: 'weight', shape: [4, 3] }])
  const rule = { factor, spread: 1, learningRateFactors: { sgd: 1, adam: 1 } }
  return {
    ...linearNetwork([], false),
    task: {
      features: { kind: 'tokens', length: 1, vocabulary: 4 },
      targets: { kind: 'values', count: 3 },
    },
    layout,
    declarations: [{ name: 'weight', shape: [4, 3], draw, rule }],
    rule: () => rule,
    apply: (scope, features) => {
      const indices = reshape(features, [features.shape[0]!])
      const output = gather(scope.parameter('weight', [4, 3], draw), indices)
      return scope.tap({ kind: 'embedding', weight: 'weight', bias: null, input: indices, output })
    },
  }
}

/** J in float64, `[rows · c]` for each parameter, at the start. */
function jacobianColumns({ model, initialParameters, batch }: KfacProblem): Float64Array[] {
  const batchSize = batch[2].length
  const program = outputProgram(model, batchSize)
  const wrt = model.layout.entries.map((_, i) => i)
  const pushed = jvp(program, wrt)
  const inputs = [...layoutViews(model.layout, initialParameters), batch[0]]
  return Array.from(initialParameters, (_, k) => {
    const tangent = new Float32Array(initialParameters.length)
    tangent[k] = 1
    const outputs = interpretProgram(pushed, [...inputs, ...layoutViews(model.layout, tangent)])
    return outputs[1]!
  })
}

/** The Gauss–Newton matrix of the mean squared error. */
function gaussNewton(problem: KfacProblem): number[][] {
  const columns = jacobianColumns(problem)
  const batchSize = problem.batch[2].length
  return columns.map((a) =>
    columns.map((b) => a.reduce((sum, x, i) => sum + x * b[i]!, 0) / batchSize),
  )
}

/** The factors after one step, in their order. */
async function factorsOf(problem: KfacProblem, settings: KfacSettings, sizes: readonly number[]) {
  const stepper = await create(problem, settings)
  await stepper.step(problem.batch, plain)
  const { state } = await stepper.read()
  await stepper.release()
  let offset = 0
  return sizes.map((size) => {
    const part = state.slice(offset, offset + size)
    offset += size
    return part
  })
}

const images: Task = {
  features: { kind: 'values', shape: [2, 6, 6] },
  targets: { kind: 'classes', count: 4, perSample: 1 },
}
const cnn: { readonly kind: 'cnn' } & CnnSettings = {
  kind: 'cnn',
  channels: [3, 4],
  strides: [1, 2],
  kernel: 3,
  pooling: 'none',
  normalization: 'none',
  groups: 1,
  head: 'flatten',
  hidden: [],
  activation: 'tanh',
  bias: true,
}
const transformer: { readonly kind: 'transformer' } & TransformerSettings = {
  kind: 'transformer',
  width: 8,
  layers: 1,
  heads: 2,
  mlpRatio: 2,
  norm: 'pre',
  positions: 'learned',
  tiedEmbeddings: false,
  patch: 1,
  activation: 'gelu',
  bias: true,
}
const language: Task = {
  features: { kind: 'tokens', length: 5, vocabulary: 7 },
  targets: { kind: 'classes', count: 7, perSample: 5 },
}

/** The 3×3 neighbours of a pixel in two channels of 6×6, zeros outside, and 1. */
const patch = (image: Float32Array, y: number, x: number): number[] => [
  ...Array.from({ length: 18 }, (_, i) => {
    const [row, column] = [y + (Math.floor(i / 3) % 3) - 1, x + (i % 3) - 1]
    const isInside = row >= 0 && row < 6 && column >= 0 && column < 6
    return isInside ? image[36 * Math.floor(i / 9) + 6 * row + column]! : 0
  }),
  1,
]

/** Smallest pivot of Cholesky's method on M/mean + 10⁻⁵·I; NaN or negative if M is not semidefinite. */
function smallestPivot(matrix: Float32Array, n: number): number {
  let trace = 0
  for (let i = 0; i < n; i += 1) trace += matrix[i * n + i]!
  const lower = new Float64Array(n * n)
  let smallest = Infinity
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      expect(matrix[i * n + j]).toBeCloseTo(matrix[j * n + i]!, 5)
      let sum = (matrix[i * n + j]! * n) / trace + (i === j ? 1e-5 : 0)
      for (let k = 0; k < j; k += 1) sum -= lower[i * n + k]! * lower[j * n + k]!
      if (i === j) smallest = Math.min(smallest, sum)
      lower[i * n + j] = i === j ? Math.sqrt(sum) : sum / lower[j * n + j]!
    }
  }
  return smallest
}

describe('KfacStepper', () => {
  it.each([false, true])(
    'has the exact blocks of a deep linear network, with biases %s',
    async (bias) => {
      const problem = kfacProblem(linearNetwork([5], bias), 'squared-error', 9, 2)
      const more = bias ? 1 : 0
      const shapes = [
        [4 + more, 5],
        [5 + more, 3],
      ] as const
      const factors = await factorsOf(
        problem,
        exact,
        shapes.flatMap(([inputs, outputs]) => [inputs * inputs, outputs * outputs]),
      )
      const expected = gaussNewton(problem)
      const { entries } = problem.model.layout
      shapes.forEach(([inputs, outputs], layer) => {
        const weight = entries[layer * (1 + more)]!
        const shift = bias ? entries[layer * 2 + 1]! : null
        const place = (o: number, i: number): number =>
          shift !== null && i === inputs - 1
            ? shift.offset + o
            : weight.offset + o * (inputs - more) + i
        const [a, g] = [factors[2 * layer]!, factors[2 * layer + 1]!]
        for (let o = 0; o < outputs; o += 1)
          for (let i = 0; i < inputs; i += 1)
            for (let p = 0; p < outputs; p += 1)
              for (let j = 0; j < inputs; j += 1) {
                const block = g[o * outputs + p]! * a[i * inputs + j]!
                const wanted = expected[place(o, i)]![place(p, j)]!
                expect(Math.abs(block - wanted)).toBeLessThan(1e-5)
              }
      })
    },
  )

  it.each([
    ['affine', 'standard'],
    ['affine', 'ntk'],
    ['embedding', 'standard'],
    ['embedding', 'ntk'],
  ] as const)('lands at the minimum of %s least squares in one step, %s', async (kind, name) => {
    const model = kind === 'affine' ? linearNetwork([], true, name) : tableModel(name)
    const problem = kfacProblem(model, 'squared-error', 30, 4)
    const stepper = await create(problem, { ...exact, damping: 1e-11 })
    const first = await stepper.step(problem.batch, plain)
    const second = await stepper.step(problem.batch, plain)
    expect(first.gradientNorm).toBeGreaterThan(0.1)
    expect(second.gradientNorm).toBeLessThan(1e-5 * first.gradientNorm)
    expect(second.loss - first.loss).toBeCloseTo(first.predictedChange!, 5)
    await stepper.release()
  })

  it('finds that a quadratic falls by at least what the damped model predicts, and lowers λ', async () => {
    const problem = kfacProblem(linearNetwork([], true), 'squared-error', 30, 4)
    const stepper = await create(problem, { fisher: 'exact', damping: 10, adaptEvery: 2 })
    const first = await stepper.step(problem.batch, plain)
    const second = await stepper.step(problem.batch, plain)
    const third = await stepper.step(problem.batch, plain)
    expect(first.reductionRatio).toBeNull()
    expect(second.reductionRatio).toBeGreaterThanOrEqual(1 - 1e-3)
    expect(second.damping).toBe(10)
    expect(third.damping).toBeCloseTo(10 * (19 / 20) ** 2, 5)
    await stepper.release()
  })

  it.each([
    ['raises', 1e-6, 1.9],
    ['lowers', 1e2, 1],
  ] as const)('%s λ by the reduction ratio', async (verb, start, learningRate) => {
    const problem = kfacProblem(buildModel(cnn, images), 'cross-entropy', 16, 5)
    const stepper = await create(problem, { damping: start, adaptEvery: 1 })
    let last: KfacStepResult | null = null
    for (let step = 0; step < 12; step += 1) {
      const result = await stepper.step(problem.batch, { ...plain, learningRate })
      if (last?.reductionRatio != null) {
        const change = result.damping / last.damping
        if (last.reductionRatio > 3 / 4) expect(change).toBeCloseTo(19 / 20, 5)
        else if (last.reductionRatio < 1 / 4) expect(change).toBeCloseTo(20 / 19, 5)
        else expect(change).toBe(1)
      }
      last = result
    }
    if (verb === 'raises') expect(last!.damping).toBeGreaterThan(start)
    else expect(last!.damping).toBeLessThan(start)
    await stepper.release()
  })

  it('draws targets whose factors are the exact ones on average', async () => {
    const model = buildModel(
      { kind: 'mlp', hidden: [], activation: 'tanh', bias: false, residual: false },
      {
        features: { kind: 'values', shape: [4] },
        targets: { kind: 'classes', count: 3, perSample: 1 },
      },
    )
    const problem = kfacProblem(model, 'cross-entropy', 64, 6)
    const [, wanted] = await factorsOf(problem, exact, [16, 9])
    // G is a mean over 64 samples; each of 50 seeds draws them anew.
    const draws = await Promise.all(
      Array.from({ length: 50 }, async (_, seed) => {
        const stepper = await create(problem, { adaptEvery: 0 }, seed)
        await stepper.step(problem.batch, plain)
        const { state } = await stepper.read()
        await stepper.release()
        return state.slice(16, 25)
      }),
    )
    wanted!.forEach((value, i) => {
      const seen = draws.map((draw) => draw[i]!)
      const mean = seen.reduce((a, b) => a + b) / seen.length
      const variance = seen.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (seen.length - 1)
      expect(Math.abs(mean - value)).toBeLessThan(4 * Math.sqrt(variance / seen.length))
    })
  })

  it('gives parameters outside of blocks the diagonal of the Fisher matrix', async () => {
    const problem = kfacProblem(linearNetwork([], false), 'squared-error', 16, 8)
    const expected = gaussNewton(problem)
    const draws = await Promise.all(
      Array.from({ length: 60 }, async (_, seed) => {
        const stepper = await create(problem, { ...exact, largestFactor: 1 }, seed)
        await stepper.step(problem.batch, plain)
        const { state } = await stepper.read()
        await stepper.release()
        return state.slice(0, 12)
      }),
    )
    expected.forEach((row, i) => {
      const seen = draws.map((draw) => draw[i]!)
      const mean = seen.reduce((a, b) => a + b) / seen.length
      const variance = seen.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (seen.length - 1)
      expect(variance).toBeGreaterThan(0)
      expect(Math.abs(mean - row[i]!)).toBeLessThan(4 * Math.sqrt(variance / seen.length))
    })
  })

  it('sees what a kernel sees', async () => {
    const batchSize = 3
    const problem = kfacProblem(
      buildModel({ ...cnn, strides: [2, 1] }, images),
      'cross-entropy',
      batchSize,
      3,
    )
    const columns = 2 * 9 + 1
    const [a] = await factorsOf(problem, exact, [columns * columns])
    const pixels = problem.batch[0] as Float32Array
    const sum = new Float64Array(columns * columns)
    for (let position = 0; position < 9 * batchSize; position += 1) {
      const [image, place] = [Math.floor(position / 9), position % 9]
      const seen = patch(pixels.subarray(72 * image), 2 * Math.floor(place / 3), 2 * (place % 3))
      seen.forEach((p, i) => {
        seen.forEach((q, j) => (sum[i * columns + j]! += (p * q) / (9 * batchSize)))
      })
    }
    a!.forEach((value, i) => expect(value).toBeCloseTo(sum[i]!, 5))
  })

  const networks: readonly (readonly [string, Architecture, Task])[] = [
    ['a convolutional network', cnn, images],
    [
      'a convolutional network with running statistics',
      { ...cnn, normalization: 'batch', head: 'average', pooling: 'max' },
      images,
    ],
    ['a transformer', transformer, language],
    ['a transformer with tied tables', { ...transformer, tiedEmbeddings: true }, language],
    ['a transformer on patches', { ...transformer, patch: 2 }, images],
  ]
  describe.each(networks)('on %s', (_name, architecture, task) => {
    const problem = (): KfacProblem =>
      kfacProblem(buildModel(architecture, task), 'cross-entropy', 16, 5)

    it('makes the loss fall', async () => {
      const { batch, ...rest } = problem()
      const stepper = await create({ batch, ...rest }, { damping: 0.1, inversesEvery: 4 })
      const losses: number[] = []
      for (let step = 0; step < 15; step += 1) {
        losses.push((await stepper.step(batch, plain)).loss)
      }
      expect(losses.at(-1)!).toBeLessThan(0.6 * losses[0]!)
      await stepper.release()
    })

    it('has factors that are symmetric and positive semidefinite', async () => {
      const { batch, ...rest } = problem()
      const settings = fullKfacSettings({})
      const tensors = factorTensors(rest.loss, kfacParts(rest.loss, settings))
      const stepper = await create({ batch, ...rest }, settings)
      for (let step = 0; step < 3; step += 1) await stepper.step(batch, plain)
      const { state } = await stepper.read()
      const layout = createLayout(tensors)
      const views = layoutViews(layout, state.slice(0, layout.size))
      layout.entries.forEach(({ name, shape: [n] }, i) => {
        const factor = views[i]!
        expect(factor.some((x) => x !== 0)).toBe(true)
        if (factor.length === n || name.startsWith('diagonal')) {
          expect(factor.every((x) => x >= 0)).toBe(true)
        } else expect(smallestPivot(factor, n!)).toBeGreaterThan(0)
      })
      await stepper.release()
    })

    it('goes on bit-equal from saved vectors', async () => {
      const { batch, ...rest } = problem()
      const settings = { damping: 0.5, inversesEvery: 3, factorsEvery: 2, adaptEvery: 2 }
      const observed = { learningRate: 0.7, isObserved: true }
      const first = await create({ batch, ...rest }, settings)
      for (let step = 0; step < 4; step += 1) await first.step(batch, observed)
      const second = await create({ batch, ...rest }, settings)
      await second.restore(structuredClone(await first.read()))
      for (let step = 0; step < 4; step += 1) {
        expect(await second.step(batch, observed)).toEqual(await first.step(batch, observed))
      }
      expect(await second.read()).toEqual(await first.read())
      await first.release()
      await second.release()
    })
  })

  it('falls with a clipped divergence too', async () => {
    const problem = kfacProblem(buildModel(cnn, images), 'cross-entropy', 16, 5)
    const stepper = await create(problem, { rescaling: 'clip', clip: 0.01, damping: 0.1 })
    const losses: number[] = []
    for (let step = 0; step < 20; step += 1) {
      const result = await stepper.step(problem.batch, { ...plain, learningRate: 0.3 })
      expect(result).toMatchObject({ predictedChange: null, reductionRatio: null })
      losses.push(result.loss)
    }
    expect(losses.at(-1)!).toBeLessThan(0.7 * losses[0]!)
    await stepper.release()
  })

  it('raises λ until the factors have inverses', async () => {
    const { batch, ...rest } = kfacProblem(linearNetwork([], true), 'squared-error', 3, 4)
    const [features, ...others] = batch
    const large = (features as Float32Array).map((x) => 1e4 * x)
    const stepper = await create({ ...rest, batch }, { ...exact, damping: 1e-6 })
    // Three samples of five numbers leave A singular; damped it has condition 10⁷.
    const { damping, inverseError } = await stepper.step([large, ...others], plain)
    expect(inverseError).toBeLessThanOrEqual(0.1)
    expect(damping).toBeGreaterThan(9e-6)
    await stepper.release()
  })

  it('leaves everything as it was where the loss is not a number', async () => {
    const problem = kfacProblem(linearNetwork([], true), 'squared-error', 6, 4)
    const stepper = await create(problem, exact)
    await stepper.step(problem.batch, plain)
    const before = structuredClone(await stepper.read())
    const broken: TensorData[] = [new Float32Array(24).fill(Number.NaN), ...problem.batch.slice(1)]
    await expect(stepper.step(broken, plain)).rejects.toThrow('not a finite number')
    expect(await stepper.read()).toEqual(before)
    await stepper.release()
  })

  it('refuses settings outside their ranges', async () => {
    const problem = kfacProblem(linearNetwork([], true), 'squared-error', 6, 4)
    await expect(create(problem, { damping: 0 })).rejects.toThrow(
      'damping must be more than 0, got 0',
    )
    await expect(create(problem, { decay: 1 })).rejects.toThrow(
      'decay must be in 0…1, 1 excluded, got 1',
    )
    await expect(create(problem, { inversesEvery: 0 })).rejects.toThrow(
      'inversesEvery must be an integer of 1 or more, got 0',
    )
  })
})
