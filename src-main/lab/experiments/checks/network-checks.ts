import { createStream, fillNormal } from '#base'
import { createHessianOperator } from '#geometry/curvature'
import { eigenSymmetric, extremeEigenpairs } from '#geometry/spectral'
import {
  fullyConnected,
  initializeParameters,
  lossProgram,
  outputProgram,
  parameterInputs,
  type Model,
} from '#learn/models'
import { layoutViews, sizeOf } from '#tensor/dense'
import {
  add,
  integerPower,
  mul,
  reduceSum,
  slice,
  sub,
  traceProgram,
  type Program,
} from '#tensor/program'
import { interpretProgram } from '#tensor/runtime'
import { gradient, hvp, jvp } from '#tensor/transforms'
import type { CheckOutcome, KnownAnswerCheck } from './check.ts'

const normals = (size: number, name: string, scale = 1): Float64Array => {
  const vector = new Float64Array(size)
  fillNormal(vector, createStream(1, 'check', name))
  return vector.map((x) => scale * x)
}
const dotProduct = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, x, i) => sum + x * b[i]!, 0)

/** Parts of a flat vector, one an input of a program. */
function split(program: Program, count: number, flat: Float64Array): Float64Array[] {
  let offset = 0
  return program.inputs.slice(0, count).map(({ type }) => {
    const size = sizeOf(type.shape)
    offset += size
    return flat.subarray(offset - size, offset)
  })
}
const join = (parts: readonly Float64Array[]): number[] => parts.flatMap((part) => [...part])

/** The dense Hessian of a scalar program in its first `count` inputs, in float64. */
function denseHessian(
  program: Program,
  count: number,
  parameters: Float64Array,
  data: readonly (Float64Array | Int32Array)[] = [],
): number[][] {
  const wrt = Array.from({ length: count }, (_, i) => i)
  const product = hvp(program, wrt, null)
  const theta = split(program, count, parameters)
  return Array.from(parameters, (_, i) => {
    const unit = new Float64Array(parameters.length)
    unit[i] = 1
    return join(interpretProgram(product, [...theta, ...data, ...split(program, count, unit)]))
  })
}

const eigenvaluesOf = (hessian: readonly number[][]): number[] => [
  ...eigenSymmetric(hessian).values,
]
const vectorType = (size: number) => ({ dtype: 'float32', shape: [size] }) as const

/** A linear model with its inputs: the Hessians below have closed forms. */
const [sampleCount, inputCount, classCount] = [12, 4, 3]
const linearModel = (targets: 'classes' | 'values', outputs = classCount): Model =>
  fullyConnected({ widths: [inputCount, outputs], activation: 'identity', bias: false, targets })
const inputs = normals(sampleCount * inputCount, 'inputs')
const weights = normals(classCount * inputCount, 'weights')
const labels = Int32Array.from({ length: sampleCount }, (_, i) => i % classCount)
const uniform = (count: number): Float64Array => new Float64Array(count).fill(1 / count)
const row = (i: number): Float64Array => inputs.subarray(i * inputCount, (i + 1) * inputCount)
/** XᵀX/N. */
const covariance = Array.from({ length: inputCount }, (_, a) =>
  Array.from({ length: inputCount }, (_, b) => {
    let sum = 0
    for (let i = 0; i < sampleCount; i += 1) sum += (row(i)[a]! * row(i)[b]!) / sampleCount
    return sum
  }),
)
const linearLoss = (loss: 'cross-entropy' | 'squared-error'): Program =>
  lossProgram({
    model: linearModel(loss === 'cross-entropy' ? 'classes' : 'values'),
    loss,
    batchSize: sampleCount,
  })

function softmaxOf(i: number, w: Float64Array): number[] {
  const logits = Array.from({ length: classCount }, (_, c) =>
    dotProduct(w.subarray(c * inputCount, (c + 1) * inputCount), row(i)),
  )
  const exponentials = logits.map(Math.exp)
  const total = exponentials.reduce((a, b) => a + b)
  return exponentials.map((x) => x / total)
}

const mlp = fullyConnected({
  widths: [5, 7, 6, 3],
  activation: 'tanh',
  bias: true,
  targets: 'classes',
  initialization: 'lecun-normal',
})
const mlpLayout = mlp.layout
const mlpParameters = Float64Array.from(initializeParameters(mlp, createStream(2, 'check')))
const mlpLoss = (batchSize: number): Program =>
  lossProgram({ model: mlp, loss: 'cross-entropy', batchSize })
const mlpData = (count: number): [Float64Array, Int32Array, Float64Array] => [
  normals(count * 5, 'mlp-inputs'),
  Int32Array.from({ length: count }, (_, i) => i % 3),
  uniform(count),
]

/** Checks of differentiation and curvature through traced programs. */
export const networkChecks: readonly KnownAnswerCheck[] = [
  {
    id: 'linear-regression',
    title: 'Hessian of linear regression with ½‖f − y‖² is XᵀX/N, once an output',
    source: 'peers 4.1, T13',
    run: () => {
      const got = denseHessian(linearLoss('squared-error'), 1, weights, [
        inputs,
        normals(sampleCount * classCount, 'targets'),
        uniform(sampleCount),
      ]).flat()
      const size = classCount * inputCount
      const expected = Array.from({ length: size * size }, (_, at) => {
        const [i, j] = [Math.floor(at / size), at % size]
        const isBlock = Math.floor(i / inputCount) === Math.floor(j / inputCount)
        return isBlock ? covariance[i % inputCount]![j % inputCount]! : 0
      })
      return { expected, got, tolerance: 1e-10, kind: 'absolute' }
    },
  },
  {
    id: 'softmax-regression',
    title: 'Hessian of softmax regression is the mean of (diag p − ppᵀ) ⊗ xxᵀ',
    source: 'peers 4.1',
    run: () => {
      const got = denseHessian(linearLoss('cross-entropy'), 1, weights, [
        inputs,
        labels,
        uniform(sampleCount),
      ]).flat()
      const size = classCount * inputCount
      const expected = new Array<number>(size * size).fill(0)
      for (let n = 0; n < sampleCount; n += 1) {
        const p = softmaxOf(n, weights)
        expected.forEach((_, at) => {
          const [i, j] = [Math.floor(at / size), at % size]
          const [c, d] = [Math.floor(i / inputCount), Math.floor(j / inputCount)]
          const a = (c === d ? p[c]! : 0) - p[c]! * p[d]!
          expected[at]! += (a * row(n)[i % inputCount]! * row(n)[j % inputCount]!) / sampleCount
        })
      }
      return { expected, got, tolerance: 1e-10, kind: 'absolute' }
    },
  },
  {
    id: 'logistic-regression',
    title: 'Hessian of logistic regression (one weight vector, σ in the loss) is XᵀDX/N',
    source: 'peers 4.1',
    run: () => {
      // Two classes with logits (w·x, 0): the block of the first weight vector is Σ p(1 − p) xxᵀ/N.
      const w = weights.slice(0, 2 * inputCount).fill(0, inputCount)
      const targets = new Int32Array(sampleCount)
      const loss = lossProgram({
        model: linearModel('classes', 2),
        loss: 'cross-entropy',
        batchSize: sampleCount,
      })
      const hessian = denseHessian(loss, 1, w, [inputs, targets, uniform(sampleCount)])
      const expected = covariance.map((line, a) =>
        line.map((_, b) => {
          let sum = 0
          for (let i = 0; i < sampleCount; i += 1) {
            const p = 1 / (1 + Math.exp(-dotProduct(w.subarray(0, inputCount), row(i))))
            sum += (p * (1 - p) * row(i)[a]! * row(i)[b]!) / sampleCount
          }
          return sum
        }),
      )
      const got = hessian.slice(0, inputCount).map((line) => line.slice(0, inputCount))
      return { expected: expected.flat(), got: got.flat(), tolerance: 1e-10, kind: 'absolute' }
    },
  },
  {
    id: 'softmax-at-zero',
    title: 'softmax regression at W = 0: eigenvalues λᵢ(XᵀX/N)/C, C − 1 times each, found natively',
    source: 'peers 4.2',
    run: async () => {
      const operator = await createHessianOperator({
        loss: linearLoss('cross-entropy'),
        layout: linearModel('classes').layout,
        parameters: new Float32Array(classCount * inputCount),
        batches: [[Float32Array.from(inputs), labels, Float32Array.from(uniform(sampleCount))]],
      })
      const { top } = await extremeEigenpairs(operator, {
        top: 8,
        bottom: 0,
        tolerance: 1e-5,
        maxProducts: 200,
        stream: createStream(3, 'softmax'),
      })
      await operator.release()
      const values = eigenvaluesOf(covariance).toReversed()
      return {
        expected: values.flatMap((value) => [value / classCount, value / classCount]),
        got: top.map(({ value }) => value),
        tolerance: 1e-5,
        kind: 'relative',
      }
    },
  },
  {
    id: 'goldilocks',
    title: 'softmax regression at W = 0: tr H, ‖H‖² and tr H/‖H‖ = √(C − 1)·tr Σ/‖Σ‖',
    source: 'peers 4.2',
    run: () => {
      const zero = new Float64Array(classCount * inputCount)
      const hessian = denseHessian(linearLoss('cross-entropy'), 1, zero, [
        inputs,
        labels,
        uniform(sampleCount),
      ])
      const trace = (matrix: readonly number[][]) =>
        matrix.reduce((sum, line, i) => sum + line[i]!, 0)
      const square = (matrix: readonly number[][]) =>
        matrix.flat().reduce((sum, x) => sum + x * x, 0)
      const free = classCount - 1
      return {
        expected: [
          (free / classCount) * trace(covariance),
          (free / classCount ** 2) * square(covariance),
          (Math.sqrt(free) * trace(covariance)) / Math.sqrt(square(covariance)),
        ],
        got: [trace(hessian), square(hessian), trace(hessian) / Math.sqrt(square(hessian))],
        tolerance: 1e-10,
        kind: 'relative',
      }
    },
  },
  {
    id: 'radial-program',
    title: 'Hessian of s + 3s² − 2.5s³, s = ‖w‖², differentiated from its program',
    source: 'peers 4.3',
    run: () => {
      const w = Float64Array.of(0.3, -0.2, 0.5, 0.1, -0.4)
      const program = traceProgram('radial', [vectorType(5)], ([x]) => {
        const s = reduceSum(mul(x!, x!))
        return [sub(add(s, mul(integerPower(s, 2), 3)), mul(integerPower(s, 3), 2.5))]
      })
      const s = dotProduct(w, w)
      const [first, second] = [1 + 6 * s - 7.5 * s * s, 6 - 15 * s]
      const expected = Array.from({ length: 25 }, (_, at) => {
        const [i, j] = [Math.floor(at / 5), at % 5]
        return (i === j ? 2 * first : 0) + 4 * second * w[i]! * w[j]!
      })
      const got = denseHessian(program, 1, w).flat()
      return { expected, got, tolerance: 1e-10, kind: 'absolute' }
    },
  },
  {
    id: 'two-parameters',
    title: 'minimum of ½(abx − y)²: eigenvalues 0 and x²(a² + b²)',
    source: 'peers 4.4',
    run: () => {
      const [a, x] = [0.8, 1.5]
      const y = 1.2
      const b = y / (a * x)
      const program = traceProgram('two', [vectorType(2)], ([w]) => {
        const product = mul(slice(w!, [0], [1]), slice(w!, [1], [2]))
        return [mul(reduceSum(integerPower(sub(mul(product, x), y), 2)), 0.5)]
      })
      const got = eigenvaluesOf(denseHessian(program, 1, Float64Array.of(a, b)))
      return { expected: [0, x * x * (a * a + b * b)], got, tolerance: 1e-10, kind: 'absolute' }
    },
  },
  {
    id: 'scalar-chain',
    title: '½(w₁w₂w₃w₄ − ½)² at w = 1: eigenvalues −½ (three times) and 5.5',
    source: 'theory A-17',
    run: () => {
      const program = traceProgram('chain', [vectorType(4)], ([w]) => {
        const part = (i: number) => slice(w!, [i], [i + 1])
        const product = mul(mul(part(0), part(1)), mul(part(2), part(3)))
        return [mul(reduceSum(integerPower(sub(product, 0.5), 2)), 0.5)]
      })
      const got = eigenvaluesOf(denseHessian(program, 1, new Float64Array(4).fill(1)))
      return { expected: [-0.5, -0.5, -0.5, 5.5], got, tolerance: 1e-10, kind: 'absolute' }
    },
  },
  {
    id: 'deep-linear-rank',
    title: 'rank of the Hessian of a deep linear net 5-7-8-3 on 20 samples is 87 of 115',
    source: 'theory A-15',
    run: () => {
      const model = fullyConnected({
        widths: [5, 7, 8, 3],
        activation: 'identity',
        bias: false,
        targets: 'values',
      })
      const count = model.layout.size
      const loss = lossProgram({ model, loss: 'squared-error', batchSize: 20 })
      const values = eigenvaluesOf(
        denseHessian(loss, 3, normals(count, 'deep-linear', 0.5), [
          normals(100, 'deep-inputs'),
          normals(60, 'deep-targets'),
          uniform(20),
        ]),
      )
      const largest = Math.max(...values.map(Math.abs))
      const rank = values.filter((value) => Math.abs(value) > 1e-10 * largest).length
      return { expected: [115, 87], got: [count, rank], tolerance: 0, kind: 'absolute' }
    },
  },
  {
    id: 'ntk-duality',
    title: 'non-zero eigenvalues of JᵀJ/N and JJᵀ/N agree',
    source: 'peers 4.8',
    run: () => {
      const count = 4
      const outputs = outputProgram(mlp, count)
      const wrt = parameterInputs(mlp)
      const tangent = jvp(outputs, wrt)
      const theta = split(outputs, wrt.length, mlpParameters)
      const columns = Array.from(mlpParameters, (_, i) => {
        const unit = new Float64Array(mlpParameters.length)
        unit[i] = 1
        return interpretProgram(tangent, [
          ...theta,
          normals(count * 5, 'ntk'),
          ...split(outputs, wrt.length, unit),
        ])[1]!
      })
      const rows = Array.from({ length: count * 3 }, (_, o) => columns.map((column) => column[o]!))
      const gram = (vectors: readonly ArrayLike<number>[]) =>
        vectors.map((a) => vectors.map((b) => dotProduct(a, b) / count))
      return {
        expected: eigenvaluesOf(gram(rows)),
        got: eigenvaluesOf(gram(columns)).slice(-rows.length),
        tolerance: 1e-10,
        kind: 'absolute',
      }
    },
  },
  {
    id: 'unequal-batches',
    title: 'Hessian product over batches of 7, 7 and 3 equals that over 17',
    source: 'peers T1',
    run: () => {
      const [x, y] = mlpData(17)
      const v = normals(mlpParameters.length, 'v')
      const product = (from: number, count: number): number[] => {
        const program = mlpLoss(count)
        const wrt = parameterInputs(mlp)
        return join(
          interpretProgram(hvp(program, wrt, null), [
            ...split(program, wrt.length, mlpParameters),
            x.subarray(5 * from, 5 * (from + count)),
            y.subarray(from, from + count),
            new Float64Array(count).fill(1 / 17),
            ...split(program, wrt.length, v),
          ]),
        )
      }
      const parts = [product(0, 7), product(7, 7), product(14, 3)]
      return {
        expected: product(0, 17),
        got: parts[0]!.map((_, i) => parts.reduce((sum, part) => sum + part[i]!, 0)),
        tolerance: 1e-12,
        kind: 'absolute',
      }
    },
  },
  {
    id: 'central-differences',
    title: 'Hessian product of a tanh network against central differences of its gradient',
    source: 'definition of the derivative',
    run: () => {
      const program = mlpLoss(9)
      const wrt = parameterInputs(mlp)
      const data = mlpData(9)
      const v = normals(mlpParameters.length, 'v')
      const slope = (step: number): number[] => {
        const moved = mlpParameters.map((x, i) => x + step * v[i]!)
        return join(
          interpretProgram(gradient(program, wrt), [...split(program, wrt.length, moved), ...data]),
        )
      }
      const h = 1e-5
      const [up, down] = [slope(h), slope(-h)]
      const got = join(
        interpretProgram(hvp(program, wrt, null), [
          ...split(program, wrt.length, mlpParameters),
          ...data,
          ...split(program, wrt.length, v),
        ]),
      )
      const expected = up.map((value, i) => (value - down[i]!) / (2 * h))
      return { expected, got, tolerance: 1e-8, kind: 'absolute' }
    },
  },
  {
    id: 'native-product',
    title: 'Hessian products by the native runtime, single and in a block, against float64',
    source: 'the reference interpreter',
    run: async (): Promise<CheckOutcome> => {
      const program = mlpLoss(9)
      const wrt = parameterInputs(mlp)
      const n = mlpParameters.length
      const data = mlpData(9)
      const block = normals(9 * n, 'block')
      const operator = await createHessianOperator({
        loss: program,
        layout: mlpLayout,
        parameters: Float32Array.from(mlpParameters),
        batches: [[Float32Array.from(data[0]), data[1], Float32Array.from(data[2])]],
      })
      const output = new Float32Array(9 * n)
      await operator.apply(Float32Array.from(block), 9, output)
      await operator.release()
      const expected = Array.from({ length: 9 }, (_, i) =>
        join(
          interpretProgram(hvp(program, wrt, null), [
            ...layoutViews(mlpLayout, Float32Array.from(mlpParameters)),
            ...data,
            ...split(program, wrt.length, block.subarray(i * n, (i + 1) * n)),
          ]),
        ),
      ).flat()
      return { expected, got: [...output], tolerance: 1e-5, kind: 'absolute' }
    },
  },
]
