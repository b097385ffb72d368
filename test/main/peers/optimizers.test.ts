import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import { buildModel, tappedLoss } from '#learn/models'
import { optimizerTransform } from '#learn/optimizers'
import { KfacStepper, Trainer } from '#learn/training'
import { createLayout } from '#tensor/dense'
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
import { gradient, hvp } from '#tensor/transforms'
import { symmetricWithSpectrum } from '../../support/matrices.ts'
import { float32 } from '../../support/programs.ts'

const normals = (size: number, name: string): Float32Array => {
  const stream = createStream(9, name)
  return Float32Array.from({ length: size }, () => stream.nextNormal())
}
const inner = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, x, i) => sum + x * b[i]!, 0)

/** Solves A·x = b by elimination with pivots. */
function solve(matrix: readonly ArrayLike<number>[], right: ArrayLike<number>): number[] {
  const rows = matrix.map((line, i) => [...Array.from(line), right[i]!])
  const n = rows.length
  for (let k = 0; k < n; k += 1) {
    const best = rows.slice(k).reduce((at, row, i) => {
      return Math.abs(row[k]!) > Math.abs(rows[at]![k]!) ? k + i : at
    }, k)
    ;[rows[k], rows[best]] = [rows[best]!, rows[k]!]
    for (let i = 0; i < n; i += 1) {
      if (i === k) continue
      const factor = rows[i]![k]! / rows[k]![k]!
      for (let j = k; j <= n; j += 1) rows[i]![j]! -= factor * rows[k]![j]!
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!)
}

/** Conjugate gradients with a preconditioner; the relative residual after each step. */
function residuals(
  apply: (v: readonly number[]) => number[],
  precondition: (r: readonly number[]) => number[],
  right: readonly number[],
  steps: number,
): number[] {
  let x = right.map(() => 0)
  let r = [...right]
  let z = precondition(r)
  let p = z
  const norms: number[] = []
  for (let step = 0; step < steps; step += 1) {
    const image = apply(p)
    const alpha = inner(r, z) / inner(p, image)
    x = x.map((value, i) => value + alpha * p[i]!)
    const before = inner(r, z)
    r = r.map((value, i) => value - alpha * image[i]!)
    z = precondition(r)
    p = z.map((value, i) => value + (inner(r, z) / before) * p[i]!)
    norms.push(Math.sqrt(inner(r, r) / inner(right, right)))
  }
  return norms
}

describe('no. 9: K-FAC of one linear layer and squared error', () => {
  const [samples, inputs, outputs] = [6, 3, 2]
  const model = buildModel(
    { kind: 'mlp', hidden: [], activation: 'identity', bias: false, residual: false },
    {
      features: { kind: 'values', shape: [inputs] },
      targets: { kind: 'values', count: outputs },
    },
  )
  const x = normals(samples * inputs, 'x')
  const batch = [x, normals(samples * outputs, 'y'), new Float32Array(samples).fill(1 / samples)]
  /** G = I ⊗ XᵀX/N, written by its definition. */
  const gaussNewton = Array.from({ length: 6 }, (_, at) =>
    Array.from({ length: 6 }, (_, to) => {
      const [o, i, p, j] = [Math.floor(at / 3), at % 3, Math.floor(to / 3), to % 3]
      let sum = 0
      for (let n = 0; n < samples; n += 1) sum += x[n * 3 + i]! * x[n * 3 + j]!
      return o === p ? sum / samples : 0
    }),
  )

  /** The product's factors A `[3, 3]` and G `[2, 2]`, as their Kronecker product. */
  async function kroneckerProduct(): Promise<number[][]> {
    const stepper = await KfacStepper.create({
      loss: tappedLoss({ model, loss: 'squared-error', batchSize: samples }),
      settings: { fisher: 'exact', adaptEvery: 0 },
      initialParameters: normals(6, 'start'),
      seed: 1,
    })
    await stepper.step(batch, { learningRate: 1, isObserved: false })
    const { state } = await stepper.read()
    await stepper.release()
    const [a, g] = [state.slice(0, 9), state.slice(9, 13)]
    return Array.from({ length: 6 }, (_, at) =>
      Array.from({ length: 6 }, (_, to) => {
        const [o, i, p, j] = [Math.floor(at / 3), at % 3, Math.floor(to / 3), to % 3]
        return g[o * 2 + p]! * a[i * 3 + j]!
      }),
    )
  }

  test('no. 9: is the Gauss–Newton matrix exactly', async () => {
    const kfac = await kroneckerProduct()
    kfac.forEach((line, i) =>
      line.forEach((value, j) => {
        expect(Math.abs(value - gaussNewton[i]![j]!)).toBeLessThan(1e-6)
      }),
    )
  })

  test('no. 9: as a preconditioner ends conjugate gradients in one step, which take three without', async () => {
    const kfac = await kroneckerProduct()
    const right = [...normals(6, 'right')]
    const apply = (v: readonly number[]): number[] => gaussNewton.map((line) => inner(line, v))
    const [first] = residuals(apply, (r) => solve(kfac, r), right, 1)
    expect(first).toBeLessThan(1e-5)
    const plain = residuals(apply, (r) => [...r], right, 3)
    expect(plain[0]).toBeGreaterThan(0.1)
    expect(plain[1]).toBeGreaterThan(1e-3)
    expect(plain[2]).toBeLessThan(1e-10)
  })

  /** −H⁻¹g at a point, all by differentiated programs. */
  function newtonStep(program: Program, at: Float64Array, data: readonly Float64Array[]): number[] {
    const [slope] = interpretProgram(gradient(program, [0]), [at, ...data])
    const product = hvp(program, [0], null)
    const hessian = Array.from(at, (_, i) => {
      const unit = new Float64Array(at.length)
      unit[i] = 1
      return interpretProgram(product, [at, ...data, unit])[0]!
    })
    return solve(
      hessian,
      slope!.map((value) => -value),
    )
  }

  test.each([3, 5, 10])('no. 9: Newton’s step solves a quadratic of %i dimensions', (n) => {
    const quadratic = traceProgram('quadratic', [float32([n]), float32([n, n])], ([w, a]) => {
      const rows = Array.from({ length: n }, (_, i) => {
        const row = slice(a!, [i, 0], [i + 1, n])
        return mul(reduceSum(mul(row, w!)), reduceSum(slice(w!, [i], [i + 1])))
      })
      return [mul(rows.reduce(add), 0.5)]
    })
    const spectrum = Array.from({ length: n }, (_, i) => 10 ** (i - 2))
    const start = Float64Array.from(normals(n, 'newton'))
    const step = newtonStep(quadratic, start, [symmetricWithSpectrum(spectrum, 2)])
    start.forEach((value, i) => expect(Math.abs(value + step[i]!)).toBeLessThan(1e-8))
  })

  test('no. 9: Newton’s steps with halving lead down Rosenbrock’s valley from (−1, 3) to (1, 1)', () => {
    const rosenbrock = traceProgram('rosenbrock', [float32([2])], ([w]) => {
      const [a, b] = [slice(w!, [0], [1]), slice(w!, [1], [2])]
      const valley = mul(integerPower(sub(b, mul(a, a)), 2), 100)
      return [reduceSum(add(integerPower(sub(1, a), 2), valley))]
    })
    const lossAt = (w: Float64Array): number => interpretProgram(rosenbrock, [w])[0]![0]!
    let w: Float64Array = Float64Array.of(-1, 3)
    for (let iteration = 0; iteration < 40; iteration += 1) {
      const step = newtonStep(rosenbrock, w, [])
      let length = 1
      const moved = (): Float64Array => w.map((value, i) => value + length * step[i]!)
      while (lossAt(moved()) > lossAt(w) && length > 1e-6) length /= 2
      w = moved()
    }
    expect([...w]).toEqual([expect.closeTo(1, 10), expect.closeTo(1, 10)])
  })
})

describe('no. 10: gradient descent on a quadratic', () => {
  const spectrum = [1, 0.7, 0.2, 0.05]
  const [high, low] = [spectrum[0]!, spectrum.at(-1)!]
  const n = spectrum.length
  const program = traceProgram('quadratic', [float32([n])], ([w]) => {
    const terms = spectrum.map((value, i) => {
      const entry = reduceSum(slice(w!, [i], [i + 1]))
      return mul(mul(entry, entry), value / 2)
    })
    return [terms.reduce(add)]
  })

  /** ‖θₜ‖ for t = 0, 1, …, by the trainer. */
  async function norms(learningRate: number, steps: number, start: readonly number[]) {
    const trainer = await Trainer.create({
      loss: program,
      layout: createLayout([{ name: 'w', shape: [n] }]),
      optimizer: optimizerTransform({ kind: 'sgd' }),
      initialParameters: Float32Array.from(start),
    })
    const found = [Math.hypot(...start)]
    for (let step = 0; step < steps; step += 1) {
      await trainer.step([], { learningRate, isObserved: false })
      found.push(Math.hypot(...(await trainer.read()).parameters))
    }
    await trainer.release()
    return found
  }

  test('no. 10: diverges beyond 2/λmax, and falls below', async () => {
    const start = [1, 1, 1, 1]
    const beyond = await norms(2.02 / high, 200, start)
    expect(beyond.at(-1)! / beyond[0]!).toBeGreaterThan(1.02 ** 190 / 2)
    const below = await norms(1.98 / high, 200, start)
    expect(below.at(-1)! / below[0]!).toBeLessThan(0.05)
  })

  test('no. 10: contracts by (κ − 1)/(κ + 1) a step at 2/(λmax + λmin), and by no rate faster', async () => {
    const condition = high / low
    const expected = (condition - 1) / (condition + 1)
    // The two extreme directions alone: all of it contracts at the same rate.
    const best = await norms(2 / (high + low), 20, [1, 0, 0, 1])
    best.slice(1).forEach((norm, i) => expect(norm / best[i]!).toBeCloseTo(expected, 5))
    for (const factor of [0.9, 1.03]) {
      const other = await norms((factor * 2) / (high + low), 100, [1, 0, 0, 1])
      expect(other[100]! / other[99]!).toBeGreaterThan(expected + 0.005)
    }
  })
})
