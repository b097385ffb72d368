import { describe, expect, test } from 'vitest'
import { createStream, fillNormal } from '#base'
import {
  createCurvatureOperator,
  createGramOperator,
  createHessianOperator,
  denseMatrix,
  factoredProduct,
  hessianProduct,
  residualLoss,
  type CurvatureOperator,
} from '#geometry/curvature'
import { lanczos, symmetricEigenvalues } from '#geometry/spectral'
import { createLayout } from '#tensor/dense'
import {
  integerPower,
  logSumExp,
  matmulTransposed,
  mul,
  reduceSum,
  softplus,
  sub,
  tanh,
  traceProgram,
  add,
  reshape,
} from '#tensor/program'
import { hvp } from '#tensor/transforms'
import { float32 } from '../../../support/programs.ts'

const [count, inputs, classes] = [12, 4, 3]
const draw = (size: number, name: string): Float64Array => {
  const values = new Float64Array(size)
  fillNormal(values, createStream(7, name))
  return values
}
const x = draw(count * inputs, 'x')
const row = (n: number): Float64Array => x.subarray(n * inputs, (n + 1) * inputs)

/** Writes an operator out and releases it. */
async function written(operator: CurvatureOperator): Promise<Float64Array> {
  const { matrix } = await denseMatrix(operator)
  await operator.release()
  return matrix
}

/** Σₙ f(n)·xₙxₙᵀ, `[inputs, inputs]`. */
const moments = (f: (n: number) => number): number[] =>
  Array.from({ length: inputs ** 2 }, (_, at) => {
    const [a, b] = [Math.floor(at / inputs), at % inputs]
    let sum = 0
    for (let n = 0; n < count; n += 1) sum += f(n) * row(n)[a]! * row(n)[b]!
    return sum
  })

function expectEqual(got: ArrayLike<number>, expected: ArrayLike<number>, bound = 1e-10): void {
  expect(got.length).toBe(expected.length)
  for (let i = 0; i < got.length; i += 1) {
    expect(Math.abs(got[i]! - expected[i]!)).toBeLessThan(bound + 1e-8 * Math.abs(expected[i]!))
  }
}

const line = createLayout([{ name: 'w', shape: [inputs] }])
const outputsOf = (w: Parameters<typeof reshape>[0], data: Parameters<typeof reshape>[0]) =>
  reshape(matmulTransposed(data, reshape(w, [1, inputs])), [count])

describe('linear regression', () => {
  const y = draw(count, 'y')
  const meanSquare = (factor: number) =>
    traceProgram(
      'linear regression',
      [float32([inputs]), float32([count, inputs]), float32([count])],
      ([w, data, targets]) => {
        const difference = sub(outputsOf(w!, data!), targets!)
        return [mul(reduceSum(mul(difference, difference)), factor / count)]
      },
    )

  test.each([
    ['½‖f − y‖²', 0.5, 1],
    ['‖f − y‖²', 1, 2],
  ] as const)('has the Hessian c·XᵀX/N, the loss being the mean of %s', async (_, factor, c) => {
    const operator = await createHessianOperator({
      loss: meanSquare(factor),
      layout: line,
      parameters: draw(inputs, 'w'),
      batches: [[x, y]],
    })
    expectEqual(
      await written(operator),
      moments(() => c / count),
    )
  })
})

describe('logistic regression', () => {
  test('has the Hessian XᵀDX/N with D = σ(1 − σ)', async () => {
    const w = draw(inputs, 'w')
    // Labels 0: the loss is softplus(w·x).
    const loss = traceProgram(
      'logistic regression',
      [float32([inputs]), float32([count, inputs])],
      ([weights, data]) => [mul(reduceSum(softplus(outputsOf(weights!, data!))), 1 / count)],
    )
    const operator = await createHessianOperator({
      loss,
      layout: line,
      parameters: w,
      batches: [[x]],
    })
    const share = (n: number): number => {
      const p = 1 / (1 + Math.exp(-row(n).reduce((sum, value, i) => sum + value * w[i]!, 0)))
      return (p * (1 - p)) / count
    }
    expectEqual(await written(operator), moments(share))
  })
})

describe('softmax regression', () => {
  const layout = createLayout([{ name: 'w', shape: [classes, inputs] }])
  const outputs = traceProgram(
    'outputs',
    [float32([classes, inputs]), float32([count, inputs])],
    ([w, data]) => [matmulTransposed(data!, w!)],
  )
  const outputLoss = traceProgram(
    'cross-entropy',
    [float32([count, classes]), float32([count, classes])],
    ([f, oneHot]) => [mul(sub(reduceSum(logSumExp(f!)), reduceSum(mul(f!, oneHot!))), 1 / count)],
  )
  const oneHot = Float64Array.from({ length: count * classes }, (_, i) =>
    Math.floor(i / classes) % classes === i % classes ? 1 : 0,
  )
  const gaussNewton = factoredProduct({ values: outputs, metric: hvp(outputLoss, [0], null) })
  const setting = (parameters: Float64Array) => ({
    layout,
    parameters,
    batches: [[x, oneHot]],
    rows: 5,
  })

  test('has G = H = the mean of (diag p − ppᵀ) ⊗ xxᵀ and no residual', async () => {
    const w = draw(classes * inputs, 'w')
    const probabilities = Array.from({ length: count }, (_, n) => {
      const exponentials = Array.from({ length: classes }, (_entry, c) =>
        Math.exp(row(n).reduce((sum, value, i) => sum + value * w[c * inputs + i]!, 0)),
      )
      const total = exponentials.reduce((a, b) => a + b)
      return exponentials.map((value) => value / total)
    })
    const size = classes * inputs
    const expected = new Float64Array(size * size)
    for (let c = 0; c < classes; c += 1) {
      for (let d = 0; d < classes; d += 1) {
        const block = moments((n) => {
          const p = probabilities[n]!
          return ((c === d ? p[c]! : 0) - p[c]! * p[d]!) / count
        })
        block.forEach((value, at) => {
          const [a, b] = [Math.floor(at / inputs), at % inputs]
          expected[(c * inputs + a) * size + d * inputs + b] = value
        })
      }
    }
    expectEqual(
      await written(await createCurvatureOperator({ ...setting(w), product: gaussNewton })),
      expected,
    )
    const residual = hessianProduct(residualLoss(outputs, outputLoss))
    const none = await written(await createCurvatureOperator({ ...setting(w), product: residual }))
    expect([...none]).toEqual(Array.from(none, () => 0))
  })

  test('at W = 0 has eigenvalues λᵢ(XᵀX/N)/C, each C − 1 times, and as many zeros as inputs', async () => {
    const zero = new Float64Array(classes * inputs)
    const operator = await createCurvatureOperator({ ...setting(zero), product: gaussNewton })
    const matrix = await written(operator)
    const got = await symmetricEigenvalues(matrix, classes * inputs)
    const covariance = Float64Array.from(moments(() => 1 / count))
    const values = await symmetricEigenvalues(covariance, inputs)
    const expected = [...values].flatMap((value) =>
      new Array<number>(classes - 1).fill(value / classes),
    )
    expectEqual(
      got,
      [...new Array<number>(inputs).fill(0), ...expected].sort((a, b) => a - b),
    )

    const sum = (list: ArrayLike<number>, f = (value: number) => value): number =>
      Array.from(list, f).reduce((a, b) => a + b)
    const norm = (list: ArrayLike<number>): number => Math.sqrt(sum(list, (value) => value ** 2))
    // tr H = (C − 1)/C · tr Σ, and the Goldilocks ratio tr H/‖H‖ = √(C − 1) · tr Σ/‖Σ‖.
    expect(Math.abs(sum(got) / ((classes - 1) / classes) / sum(values) - 1)).toBeLessThan(1e-12)
    const ratio = sum(got) / norm(got)
    const wanted = Math.sqrt(classes - 1) * (sum(values) / norm(values))
    expect(Math.abs(ratio / wanted - 1)).toBeLessThan(1e-12)
  })
})

describe('the radial polynomial s + 3s² − 2.5s³, s = ‖w‖²', () => {
  const n = 5
  const loss = traceProgram('radial', [float32([n])], ([w]) => {
    const s = reduceSum(mul(w!, w!))
    return [add(add(s, mul(mul(s, s), 3)), mul(integerPower(s, 3), -2.5))]
  })
  const w = draw(n, 'radial').map((value) => 0.4 * value)
  const setting = { loss, layout: createLayout([{ name: 'w', shape: [n] }]), batches: [[]] }
  const s = w.reduce((sum, value) => sum + value * value, 0)
  const around = 2 * (1 + 6 * s - 7.5 * s * s)
  const along = around + 4 * s * (6 - 15 * s)

  test('has eigenvalue 2g′ but along w, where it is 2g′ + 4s·g″', async () => {
    const matrix = await written(await createHessianOperator({ ...setting, parameters: w }))
    const expected = [...new Array<number>(n - 1).fill(around), along].sort((a, b) => a - b)
    expectEqual(await symmetricEigenvalues(matrix, n), expected)
  })

  test.each(['float64', 'float32'] as const)(
    'closes Lanczos at step 2 in %s',
    async (precision) => {
      const parameters = precision === 'float64' ? w : Float32Array.from(w)
      const operator = await createHessianOperator({ ...setting, parameters })
      const start = operator.space.allocate(1)
      fillNormal(start, createStream(3, 'start'))
      const { status, diagonal } = await lanczos(operator, start, { depth: n })
      await operator.release()
      expect(status).toBe('invariant-subspace')
      expect(diagonal).toHaveLength(2)
      const total = diagonal[0]! + diagonal[1]!
      const bound = precision === 'float64' ? 1e-10 : 1e-5
      expect(Math.abs(total / (around + along) - 1)).toBeLessThan(bound)
    },
  )
})

describe('a network’s outputs', () => {
  // Two batches of five samples, of the second only three: 8 samples of 2 outputs.
  const [hidden, outs, batch] = [3, 2, 5]
  const layout = createLayout([
    { name: 'first', shape: [hidden, inputs] },
    { name: 'second', shape: [outs, hidden] },
  ])
  const values = traceProgram(
    'outputs',
    [float32([hidden, inputs]), float32([outs, hidden]), float32([batch, inputs])],
    ([u, v, data]) => [matmulTransposed(tanh(matmulTransposed(data!, u!)), v!)],
  )
  const parameters = draw(layout.size, 'parameters')
  const features = [x.subarray(0, batch * inputs), x.subarray(batch * inputs, 2 * batch * inputs)]
  const weights = [new Float64Array(batch).fill(1), Float64Array.of(1, 1, 1, 0, 0)]
  const metric = traceProgram(
    'weights',
    [float32([batch, outs]), float32([batch]), float32([batch, outs])],
    ([, w, moved]) => [mul(reshape(w!, [batch, 1]), moved!)],
  )

  test('have JᵀJ and J·Jᵀ of equal nonzero eigenvalues to 1e-10', async () => {
    const gram = await createGramOperator({
      values,
      layout,
      parameters,
      batches: features.map((data) => [data]),
      entries: [batch * outs, 3 * outs],
      rows: 3,
    })
    expect(gram.size).toBe(16)
    const kernel = await symmetricEigenvalues(await written(gram), 16)
    const product = factoredProduct({ values, metric })
    const operator = await createCurvatureOperator({
      product,
      layout,
      parameters,
      batches: features.map((data, i) => [data, weights[i]!]),
    })
    const matrix = await written(operator)
    const dual = await symmetricEigenvalues(matrix, layout.size)
    // 18 parameters, 16 outputs: two zeros more.
    expect(layout.size).toBe(18)
    expectEqual(dual.subarray(2), kernel, 1e-10 * kernel[15]!)
    expect(Math.max(...dual.subarray(0, 2).map(Math.abs))).toBeLessThan(1e-10 * kernel[15]!)
    expect(kernel[0]!).toBeGreaterThan(1e-6 * kernel[15]!)
  })
})
