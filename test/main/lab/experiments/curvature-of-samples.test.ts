import { describe, expect, test } from 'vitest'
import { createStream, fillNormal } from '#base'
import { denseMatrix, selectTensors } from '#geometry/curvature'
import { symmetryDefect, type Vector } from '#geometry/operators'
import { buildModel, initializeParameters, type Loss } from '#learn/models'
import { samplesInMemory, sampleGaussianMixture, selectRows } from '#learn/datasets'
import {
  curvatureOfSamples,
  gradientOfSamples,
  type CurvatureOfSamples,
} from '../../../../src-main/lab/experiments/curvature-of-samples.ts'
import type { CurvatureKind } from '../../../../src-main/lab/experiments/curvature-programs.ts'
import { denseCurvature } from '../../../../src-main/lab/experiments/dense-curvature.ts'
import { hashedNumbers } from '../../learn/models/twin-cases.ts'
import {
  curvatureFixtures,
  expectedOf,
  fixtureNamed,
  lowerTriangle,
  networkOf,
  relativeError,
  type Network,
} from './curvature-cases.ts'

const kinds = [
  'hessian',
  'ggn',
  'residual',
  'fisher',
  'empirical-fisher',
  'gradient-covariance',
  'ntk',
] as const satisfies readonly CurvatureKind[]
const allKinds = [...kinds, 'monte-carlo-fisher'] as const
const stream = () => createStream(3, 'draws')

/** Products of a matrix with vectors `[rows, n]`. */
async function products(
  options: CurvatureOfSamples,
  vectors: Float32Array,
  rows: number,
): Promise<Vector> {
  const operator = await curvatureOfSamples(options)
  try {
    const input = operator.space.allocate(rows)
    input.set(vectors)
    const output = operator.space.allocate(rows)
    await operator.apply(input, rows, output)
    return output
  } finally {
    await operator.release()
  }
}

const wide = (network: Network) => ({
  ...network,
  parameters: Float64Array.from(network.parameters),
})

describe.each(curvatureFixtures)('matrices of $name', (fixture) => {
  const network = networkOf(fixture)

  test.each(kinds)('are PyTorch’s in float64 to 1e-10: %s', async (kind) => {
    const expected = (await expectedOf(fixture)).get(kind)!
    if (fixture.isDense) {
      const { matrix, size, asymmetry } = await denseCurvature({ ...network, kind })
      expect(asymmetry).toBeLessThan(1e-13)
      expect(relativeError(lowerTriangle(matrix, size), expected)).toBeLessThan(1e-10)
      return
    }
    const vectors = hashedNumbers(8000, expected.length)
    const got = await products({ ...wide(network), kind, batchSize: 4 }, vectors, 3)
    expect(relativeError(got, expected)).toBeLessThan(1e-10)
  })

  test.each(kinds)('are PyTorch’s natively to 1e-5, over unequal batches: %s', async (kind) => {
    const expected = (await expectedOf(fixture)).get(kind)!
    if (fixture.isDense) {
      const operator = await curvatureOfSamples({ ...network, kind, batchSize: 5, rows: 4 })
      const { matrix, size } = await denseMatrix(operator)
      await operator.release()
      expect(relativeError(lowerTriangle(matrix, size), expected)).toBeLessThan(1e-5)
      return
    }
    const vectors = hashedNumbers(8000, expected.length)
    const got = await products({ ...network, kind, batchSize: 5, rows: 2 }, vectors, 3)
    expect(relativeError(got, expected)).toBeLessThan(1e-5)
  })

  test('have PyTorch’s gradient beside them', async () => {
    const expected = (await expectedOf(fixture)).get('gradient')!
    const got = await gradientOfSamples({ ...network, batchSize: 5 })
    expect(relativeError(got, expected)).toBeLessThan(1e-5)
    expect(relativeError(await gradientOfSamples(wide(network)), expected)).toBeLessThan(1e-12)
  })
})

describe('a matrix of curvature', () => {
  const mlp = networkOf(fixtureNamed('mlp-ce'))
  const seventeen = {
    ...mlp,
    samples: sampleGaussianMixture(
      { dimension: 4, classes: 3, samples: 17, separation: 3, noise: 1, labelNoise: 0 },
      createStream(2, 'data'),
    ),
  }

  test.each(allKinds)('over batches of 7, 7 and 3 is that over 17 to 1e-12: %s', async (kind) => {
    const options = { ...wide(seventeen), kind, draws: 2 }
    const size = kind === 'ntk' ? 51 : mlp.model.layout.size
    const vector = hashedNumbers(1, size)
    const whole = await products({ ...options, stream: stream() }, vector, 1)
    const parts = await products({ ...options, batchSize: 7, stream: stream() }, vector, 1)
    expect(relativeError(parts, whole)).toBeLessThan(1e-12)
  })

  test.each(allKinds)(
    'gives equal bytes for equal products, batch norm and all: %s',
    async (kind) => {
      const task = fixtureNamed('cnn-ce').task
      const architecture = {
        ...fixtureNamed('cnn-ce').architecture,
        normalization: 'batch',
        activation: 'relu',
      } as const
      const model = buildModel(architecture, task)
      const network = {
        ...networkOf(fixtureNamed('cnn-ce')),
        model,
        parameters: initializeParameters(model, createStream(4)),
      }
      const operator = await curvatureOfSamples({
        ...network,
        kind,
        batchSize: 5,
        rows: 2,
        stream: stream(),
      })
      const input = operator.space.allocate(3)
      fillNormal(input, createStream(5))
      const [first, second] = [operator.space.allocate(3), operator.space.allocate(3)]
      await operator.apply(input, 3, first)
      await operator.apply(input, 3, second)
      expect(second).toEqual(first)
      expect(Math.max(...first.map(Math.abs))).toBeGreaterThan(0)
      expect(await symmetryDefect(operator, createStream(6))).toBeLessThan(1e-5)
      await operator.release()
    },
  )

  test.each(['hessian', 'ggn', 'residual', 'fisher', 'empirical-fisher'] as const)(
    'restricted to tensors is its block of them: %s',
    async (kind) => {
      const { layout } = mlp.model
      const tensors = ['layers.1', 'layers.0.bias']
      const { matrix } = await denseCurvature({ ...mlp, kind })
      const block = await denseCurvature({ ...mlp, kind, tensors })
      const { places } = selectTensors(layout, tensors)
      const kept = places.flatMap((place) => {
        const { offset, size } = layout.entries[place]!
        return Array.from({ length: size }, (_, i) => offset + i)
      })
      expect(kept).toHaveLength(23)
      const expected = kept.flatMap((i) => kept.map((j) => matrix[i * layout.size + j]!))
      expect(relativeError(block.matrix, expected)).toBeLessThan(1e-13)
    },
  )

  test('over tensors has their gradient, and the Gram matrices of disjoint tensors add up', async () => {
    const { layout } = mlp.model
    const all = await gradientOfSamples(mlp)
    const { offset, size } = layout.entries[1]!
    expect(await gradientOfSamples({ ...mlp, tensors: ['layers.0.bias'] })).toEqual(
      all.slice(offset, offset + size),
    )
    const gram = async (tensors?: string[]) =>
      (await denseCurvature({ ...mlp, kind: 'ntk', tensors })).matrix
    const [first, second] = [await gram(['layers.0']), await gram(['layers.1'])]
    const sum = first.map((x, i) => x + second[i]!)
    expect(relativeError(sum, await gram())).toBeLessThan(1e-13)
  })

  test('names the tensors there are when one is not', async () => {
    await expect(
      curvatureOfSamples({ ...mlp, kind: 'ggn', tensors: ['layers'] }).then((operator) =>
        operator.release(),
      ),
    ).resolves.toBeUndefined()
    await expect(curvatureOfSamples({ ...mlp, kind: 'ggn', tensors: ['layer'] })).rejects.toThrow(
      'tensors must be names, or beginnings of names up to a dot, among layers.0.weight, layers.0.bias, layers.1.weight, layers.1.bias; got layer',
    )
  })

  test('is not written out beyond an order of 5,000', async () => {
    const task = {
      features: { kind: 'values', shape: [100] },
      targets: { kind: 'classes', count: 2, perSample: 1 },
    } as const
    const model = buildModel(
      { kind: 'mlp', hidden: [60], activation: 'tanh', bias: true, residual: false },
      task,
    )
    const samples = samplesInMemory({
      ...task,
      values: new Float32Array(300),
      answers: new Int32Array(3),
    })
    const parameters = new Float32Array(model.layout.size)
    await expect(
      denseCurvature({ kind: 'hessian', model, loss: 'cross-entropy', parameters, samples }),
    ).rejects.toThrow('a dense matrix must be of order 5000 or less, got 6182')
  })

  test('stops between rows when it is told to', async () => {
    const signal = AbortSignal.abort()
    await expect(denseCurvature({ ...mlp, kind: 'hessian', signal })).rejects.toThrow('stopped')
  })
})

describe('the Monte-Carlo Fisher', () => {
  const quadraticForms = async (
    options: Network & { readonly draws?: number },
    kind: CurvatureKind,
    seed: number,
    vectors: Float32Array,
    rows: number,
  ): Promise<number[]> => {
    const size = vectors.length / rows
    const got = await products(
      { ...options, kind, stream: createStream(seed, 'draws') },
      vectors,
      rows,
    )
    return Array.from({ length: rows }, (_, row) => {
      let sum = 0
      for (let i = row * size; i < (row + 1) * size; i += 1) sum += vectors[i]! * got[i]!
      return sum
    })
  }

  test.each([
    ['mlp-ce', 2],
    ['mlp-ce', 50],
    ['mlp-mse', 30],
    ['transformer-ce', 8],
  ] as const)(
    'is the exact one on average: %s, %d draws, 30 seeds, within 5 standard errors',
    async (name, draws) => {
      const network = networkOf(fixtureNamed(name))
      const rows = 4
      const vectors = hashedNumbers(11, rows * network.model.layout.size)
      const exact = await quadraticForms(network, 'fisher', 0, vectors, rows)
      const seeds = Array.from({ length: 30 }, (_, seed) => seed)
      const forms: number[][] = []
      for (const seed of seeds) {
        forms.push(
          await quadraticForms({ ...network, draws }, 'monte-carlo-fisher', seed, vectors, rows),
        )
      }
      for (let row = 0; row < rows; row += 1) {
        const values = forms.map((form) => form[row]!)
        const mean = values.reduce((a, b) => a + b) / values.length
        const square = values.reduce((sum, x) => sum + (x - mean) ** 2, 0)
        const standardError = Math.sqrt(square / (values.length - 1) / values.length)
        expect(Math.abs(mean - exact[row]!)).toBeLessThan(5 * standardError)
        // Fine enough to tell.
        expect(standardError).toBeLessThan(0.1 * exact[row]!)
      }
    },
  )

  test('is the same to the bit for a seed, another for another, and does not see batches', async () => {
    const network = networkOf(fixtureNamed('mlp-ce'))
    const matrixOf = async (seed: number, batchSize: number) => {
      const operator = await curvatureOfSamples({
        ...network,
        kind: 'monte-carlo-fisher',
        batchSize,
        draws: 2,
        stream: createStream(seed),
      })
      const { matrix } = await denseMatrix(operator)
      await operator.release()
      return matrix
    }
    const first = await matrixOf(1, 13)
    expect(await matrixOf(1, 13)).toEqual(first)
    expect(relativeError(await matrixOf(1, 5), first)).toBeLessThan(1e-5)
    expect(relativeError(await matrixOf(2, 13), first)).toBeGreaterThan(0.01)
  })

  test.each(['mlp-ce', 'mlp-mse', 'transformer-ce'])(
    'gives samples the labels they have among all: that of all is the mean of its parts, %s',
    async (name) => {
      const network = networkOf(fixtureNamed(name))
      const { count } = network.samples
      const vector = hashedNumbers(8000, network.model.layout.size)
      const share = async (places: readonly number[], batchSize: number) => {
        const rows = Uint32Array.from(places)
        const options: CurvatureOfSamples = {
          ...network,
          samples: selectRows(network.samples, rows),
          places: rows,
          kind: 'monte-carlo-fisher',
          batchSize,
          draws: 2,
          stream: stream(),
        }
        const product = await products(options, vector, 1)
        return product.map((x) => (x * rows.length) / count)
      }
      const all = Array.from({ length: count }, (_, i) => i)
      const whole = await share(all, 5)
      const first = await share([0, 3, 4, 8], 3)
      const rest = await share(
        all.filter((i) => ![0, 3, 4, 8].includes(i)),
        4,
      )
      const sum = first.map((x, i) => x + rest[i]!)
      expect(relativeError(sum, whole)).toBeLessThan(1e-5)
    },
  )

  test('wants one draw or more', async () => {
    await expect(
      curvatureOfSamples({
        ...networkOf(fixtureNamed('mlp-ce')),
        kind: 'monte-carlo-fisher',
        draws: 0,
        stream: stream(),
      }),
    ).rejects.toThrow('draws must be an integer of at least 1, got 0')
  })
})

describe('the parts of the Hessian', () => {
  test.each(['cross-entropy', 'squared-error'] as const)(
    'add up, H = G + E, and the exact Fisher is G: labels of classes by %s',
    async (loss: Loss) => {
      const network = { ...networkOf(fixtureNamed('cnn-ce')), loss }
      const dense = async (kind: CurvatureKind) =>
        (await denseCurvature({ ...network, kind })).matrix
      const [h, g, e] = [await dense('hessian'), await dense('ggn'), await dense('residual')]
      expect(
        relativeError(
          g.map((x, i) => x + e[i]!),
          h,
        ),
      ).toBeLessThan(1e-13)
      expect(relativeError(await dense('fisher'), g)).toBeLessThan(1e-13)
    },
  )
})
