import { createStream } from '#base'
import { float64Space, type Vector } from '#geometry/operators'
import {
  gaussianPerturbation,
  lineBarrier,
  lossAlongLine,
  normalizeFilters,
} from '#geometry/landscape'
import { samplesInMemory } from '#learn/datasets'
import { fullyConnected } from '#learn/models'
import { createLayout } from '#tensor/dense'
import { curvatureOfSamples } from '../curvature-of-samples.ts'
import { denseCurvature } from '../dense-curvature.ts'
import type { CurvatureKind } from '../curvature-programs.ts'
import type { KnownAnswerCheck } from './check.ts'

const normals = (size: number, name: string): Float64Array => {
  const stream = createStream(41, 'check', name)
  return Float64Array.from({ length: size }, () => stream.nextNormal())
}

const [sampleCount, inputCount, classCount] = [14, 4, 3]
const model = fullyConnected({
  widths: [inputCount, classCount],
  activation: 'identity',
  bias: false,
  targets: 'classes',
})
const features = Float32Array.from(normals(sampleCount * inputCount, 'features'))
const samples = samplesInMemory({
  features: model.task.features,
  targets: model.task.targets,
  values: features,
  answers: Int32Array.from({ length: sampleCount }, (_, i) => i % classCount),
})
const softmaxRegression = {
  model,
  loss: 'cross-entropy',
  parameters: Float32Array.from(normals(model.layout.size, 'weights')),
  samples,
} as const
const dense = async (kind: CurvatureKind): Promise<number[]> => [
  ...(await denseCurvature({ ...softmaxRegression, kind })).matrix,
]

/** The mean over samples of M ⊗ xxᵀ with entries M_cd of the probabilities and the label. */
function meanOfProducts(
  entry: (p: readonly number[], label: number, c: number, d: number) => number,
): number[] {
  const { parameters } = softmaxRegression
  const size = model.layout.size
  const mean = new Array<number>(size * size).fill(0)
  for (let i = 0; i < sampleCount; i += 1) {
    const x = features.subarray(i * inputCount, (i + 1) * inputCount)
    const exponentials = Array.from({ length: classCount }, (_, c) =>
      Math.exp(x.reduce((sum, value, j) => sum + value * parameters[c * inputCount + j]!, 0)),
    )
    const total = exponentials.reduce((a, b) => a + b)
    const p = exponentials.map((value) => value / total)
    mean.forEach((_, at) => {
      const [row, column] = [Math.floor(at / size), at % size]
      const [c, d] = [Math.floor(row / inputCount), Math.floor(column / inputCount)]
      const product = x[row % inputCount]! * x[column % inputCount]!
      mean[at]! += (entry(p, i % classCount, c, d) * product) / sampleCount
    })
  }
  return mean
}

/** Checks of the other matrices of curvature, and of losses along lines. */
export const curvatureChecks: readonly KnownAnswerCheck[] = [
  {
    id: 'gauss-newton',
    title:
      'Gauss–Newton and Fisher matrix of softmax regression are the mean of (diag p − ppᵀ) ⊗ xxᵀ, the residual part is 0',
    source: 'theory 0, peers 4.1',
    run: async () => {
      const expected = meanOfProducts((p, _, c, d) => (c === d ? p[c]! : 0) - p[c]! * p[d]!)
      return {
        expected: [...expected, ...expected, ...expected.map(() => 0)],
        got: [...(await dense('ggn')), ...(await dense('fisher')), ...(await dense('residual'))],
        tolerance: 1e-12,
        kind: 'absolute',
      }
    },
  },
  {
    id: 'empirical-fisher',
    title: 'empirical Fisher matrix of softmax regression is the mean of (p − y)(p − y)ᵀ ⊗ xxᵀ',
    source: 'theory 0',
    run: async () => {
      const residual = (p: readonly number[], label: number, c: number): number =>
        p[c]! - (label === c ? 1 : 0)
      return {
        expected: meanOfProducts((p, label, c, d) => residual(p, label, c) * residual(p, label, d)),
        got: await dense('empirical-fisher'),
        tolerance: 1e-12,
        kind: 'absolute',
      }
    },
  },
  {
    id: 'monte-carlo-fisher',
    title: 'Monte-Carlo Fisher matrix against the exact one (standard errors of 20 seeds)',
    source: 'theory 0',
    run: async () => {
      const v = normals(model.layout.size, 'direction')
      const form = async (kind: CurvatureKind, seed: number): Promise<number> => {
        const operator = await curvatureOfSamples({
          ...softmaxRegression,
          kind,
          draws: 20,
          stream: createStream(seed, 'check', 'draws'),
        })
        try {
          const input = operator.space.allocate(1)
          input.set(v)
          const output = operator.space.allocate(1)
          await operator.apply(input, 1, output)
          const [value] = await operator.space.innerProducts(input, 1, output, 1)
          return value!
        } finally {
          await operator.release()
        }
      }
      const exact = await form('fisher', 0)
      const drawn: number[] = []
      for (let seed = 0; seed < 20; seed += 1) drawn.push(await form('monte-carlo-fisher', seed))
      const mean = drawn.reduce((a, b) => a + b) / drawn.length
      const square = drawn.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (drawn.length - 1)
      const z = (mean - exact) / Math.sqrt(square / drawn.length)
      return { expected: [0], got: [z], tolerance: 4, kind: 'absolute' }
    },
  },
  {
    id: 'line-barrier',
    title: 'the line from (a, b) to (−a, −b) in ½(abx − y)² has a barrier of ½y² halfway',
    source: 'peers 4.4, T14',
    run: async () => {
      const [a, x, y] = [0.8, 1.5, 1.2]
      const start = Float64Array.of(a, y / (a * x))
      const { height, position } = lineBarrier(
        await lossAlongLine({
          space: float64Space(2),
          start,
          direction: start.map((value) => -2 * value),
          range: [0, 1],
          points: 101,
          lossAt: (w: Vector) => Promise.resolve(0.5 * (w[0]! * w[1]! * x - y) ** 2),
        }),
      )
      return {
        expected: [0.5 * y * y, 0.5],
        got: [height, position],
        tolerance: 1e-12,
        kind: 'relative',
      }
    },
  },
  {
    id: 'filter-norms',
    title:
      'a direction normalized by filter has the norms of the filters, a second time changes nothing',
    source: 'peers T10',
    run: () => {
      const layout = createLayout([
        { name: 'kernel', shape: [5, 3, 3, 3] },
        { name: 'bias', shape: [5] },
      ])
      const parameters = normals(layout.size, 'filters')
      const vectors = 'one-filter'
      const once = normalizeFilters({
        direction: normals(layout.size, 'towards'),
        parameters,
        layout,
        vectors,
      })
      const twice = normalizeFilters({ direction: once, parameters, layout, vectors })
      const norms = (flat: Vector): number[] =>
        Array.from({ length: 6 }, (_, i) => Math.hypot(...flat.slice(27 * i, 27 * (i + 1))))
      return {
        expected: [...norms(parameters), 0],
        got: [...norms(once), Math.hypot(...twice.map((value, i) => value - once[i]!))],
        tolerance: 1e-12,
        kind: 'absolute',
      }
    },
  },
  {
    id: 'noise-deviation',
    title: 'noise of deviation σ on parameters has the variance σ² (20,000 entries)',
    source: 'peers T12',
    run: async () => {
      const size = 20_000
      const moved = await gaussianPerturbation({
        space: float64Space(size),
        parameters: new Float64Array(size),
        deviation: 0.1,
        stream: createStream(42, 'check', 'noise'),
      })
      const variance = Array.from(moved).reduce((sum, x) => sum + x * x, 0) / size
      // 4 standard errors of a variance
      return {
        expected: [0.01],
        got: [variance],
        tolerance: 4 * Math.sqrt(2 / size),
        kind: 'relative',
      }
    },
  },
]
