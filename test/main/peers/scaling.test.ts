import { expect, test } from 'vitest'
import { createStream } from '#base'
import { createHessianOperator } from '#geometry/curvature'
import { extremeEigenpairs } from '#geometry/spectral'
import { createLayout } from '#tensor/dense'
import { matmulTransposed, mul, reduceSum, sub, tanh, traceProgram } from '#tensor/program'
import { float32 } from '../../support/programs.ts'
import { randomRows } from '../../support/random-matrices.ts'

const [samples, inputs, hidden] = [30, 6, 5]
const flat = (seed: number, rows: number, columns: number): Float64Array =>
  Float64Array.from(randomRows(rows, columns, seed).flatMap((row) => [...row]))
const layout = createLayout([
  { name: 'first', shape: [hidden, inputs] },
  { name: 'second', shape: [1, hidden] },
])
const data = { x: flat(1, samples, inputs), y: flat(2, samples, 1) }
const start = flat(3, 1, layout.size).map((x) => 0.5 * x)

/** Eigenpairs of the Hessian of a network's squared error times a factor. */
async function pairsOf(factor: number, precision: 'float32' | 'float64') {
  const loss = traceProgram(
    'scaled loss',
    [
      float32([hidden, inputs]),
      float32([1, hidden]),
      float32([samples, inputs]),
      float32([samples, 1]),
    ],
    ([first, second, x, y]) => {
      const outputs = matmulTransposed(tanh(matmulTransposed(x!, first!)), second!)
      const difference = sub(outputs, y!)
      return [mul(reduceSum(mul(difference, difference)), factor / samples)]
    },
  )
  const cast = (values: Float64Array) =>
    precision === 'float32' ? Float32Array.from(values) : values
  const operator = await createHessianOperator({
    loss,
    layout,
    parameters: cast(start),
    batches: [[cast(data.x), cast(data.y)]],
  })
  try {
    return await extremeEigenpairs(operator, {
      top: 3,
      bottom: 2,
      tolerance: precision === 'float32' ? 1e-4 : 1e-9,
      maxProducts: 500,
      // A measured one may differ from run to run, and with it the bits.
      blockSize: 1,
      stream: createStream(4, 'scaling'),
    })
  } finally {
    await operator.release()
  }
}

test.each(['float32', 'float64'] as const)(
  'T2: a loss times 10⁻¹² has its eigenvalues times 10⁻¹² and the same eigenvectors, in %s',
  async (precision) => {
    const bound = precision === 'float32' ? 1e-3 : 1e-8
    const plain = await pairsOf(1, precision)
    const tiny = await pairsOf(1e-12, precision)
    expect(tiny.status).toBe('converged')
    const values = [...plain.top, ...plain.bottom].map(({ value }) => value)
    expect(values.at(-1)).toBeLessThan(0)
    ;[...tiny.top, ...tiny.bottom].forEach(({ value }, i) => {
      expect(Math.abs(value / 1e-12 / values[i]! - 1)).toBeLessThan(bound)
      const row = (vectors: Float32Array | Float64Array): number[] =>
        Array.from(vectors.subarray(i * layout.size, (i + 1) * layout.size))
      const other = row(tiny.vectors)
      const cosine = row(plain.vectors).reduce((sum, x, j) => sum + x * other[j]!, 0)
      expect(Math.abs(Math.abs(cosine) - 1)).toBeLessThan(bound)
    })
  },
)

test('T2: a loss times 2⁻⁴⁰ has eigenvalues and vectors equal to the bit', async () => {
  const [plain, tiny] = [await pairsOf(1, 'float64'), await pairsOf(2 ** -40, 'float64')]
  expect(tiny.top.map(({ value }) => value * 2 ** 40)).toEqual(plain.top.map(({ value }) => value))
  expect(tiny.vectors).toEqual(plain.vectors)
})
