import { describe, expect, test } from 'vitest'
import { createStream, fillNormal } from '#base'
import { countingOperator, denseOperator, type LinearOperator } from '#geometry/operators'
import {
  eigenSymmetric,
  estimateDensity,
  estimateTrace,
  extremeEigenpairs,
  lanczos,
  type EigenpairsOptions,
} from '#geometry/spectral'
import { arithmetic, symmetricWithSpectrum } from '../../../support/matrices.ts'
import {
  breakingOperator,
  diagonalOperator,
  float32Space,
} from '../../../support/spectra-operators.ts'

const pairsOf = (operator: LinearOperator, options: Partial<EigenpairsOptions> = {}) =>
  extremeEigenpairs(operator, {
    top: 3,
    bottom: 2,
    tolerance: 1e-9,
    maxProducts: 500,
    blockSize: 1,
    stream: createStream(1, 'honesty'),
    ...options,
  })
const normal = (n: number): Float64Array => {
  const vector = new Float64Array(n)
  fillNormal(vector, createStream(1, 'start'))
  return vector
}
const bulk = arithmetic(0, 1, 30)

describe('a product that is not finite is named', () => {
  test('wherever it comes in the search for eigenpairs, also after convergence', async () => {
    // NaN > limit is false: residuals that were never checked once read converged.
    const { products } = await pairsOf(diagonalOperator(bulk))
    for (const at of [1, 7, products - 5, products - 4, products]) {
      await expect(pairsOf(breakingOperator(diagonalOperator(bulk), at))).rejects.toThrow(
        `not a finite number in the operator's product ${at}`,
      )
    }
  })

  test('in the trace by its probe, in the density by its step', async () => {
    const broken = breakingOperator(diagonalOperator(bulk), 6)
    const stream = createStream(1, 'broken')
    await expect(estimateTrace(broken, { probes: 9, stream })).rejects.toThrow(
      "not a finite number in the operator's product with probe 6",
    )
    const later = breakingOperator(diagonalOperator(bulk), 6)
    await expect(estimateDensity(later, { probes: 2, steps: 8, stream })).rejects.toThrow(
      "not a finite number in the operator's product at Lanczos step 3",
    )
  })
})

describe('a signal stops', () => {
  const stopAfter = (count: number) => {
    const controller = new AbortController()
    const onProgress = (products: number): void => {
      if (products >= count) controller.abort()
    }
    return { signal: controller.signal, onProgress }
  }
  const stream = createStream(1, 'stop')

  test('lanczos between steps', async () => {
    const A = countingOperator(diagonalOperator(bulk))
    const { signal, onProgress } = stopAfter(4)
    const stopped = lanczos(A, normal(30), { depth: 20, signal, onStep: onProgress })
    await expect(stopped).rejects.toThrow('stopped on request')
    expect(A.products).toBe(4)
  })

  test('the trace between blocks and the density between steps', async () => {
    const A = countingOperator(diagonalOperator(bulk))
    await expect(estimateTrace(A, { probes: 50, stream, ...stopAfter(8) })).rejects.toThrow(
      'stopped on request',
    )
    expect(A.products).toBe(8)
    await expect(
      estimateDensity(A, { probes: 3, steps: 10, stream, ...stopAfter(6) }),
    ).rejects.toThrow('stopped on request')
    expect(A.products).toBe(14)
  })

  test('the search for eigenpairs before its residuals too', async () => {
    const { products } = await pairsOf(diagonalOperator(bulk))
    const A = countingOperator(diagonalOperator(bulk))
    await expect(pairsOf(A, stopAfter(products - 5))).rejects.toThrow('stopped on request')
    expect(A.products).toBe(products - 5)
  })
})

describe('extremeEigenpairs is exact about what it reports', () => {
  test('progress ends at the products made', async () => {
    const seen: number[] = []
    const A = countingOperator(diagonalOperator(bulk))
    const { products } = await pairsOf(A, { onProgress: (count) => seen.push(count) })
    expect(seen.at(-1)).toBe(products)
    expect(A.products).toBe(products)
  })

  test('a budget that ends before the search for copies says so, also for the zero operator', async () => {
    const zero = await pairsOf(diagonalOperator(new Array<number>(30).fill(0)), { maxProducts: 10 })
    expect(zero.status).toBe('not-converged')
    expect(zero.note).toBe(
      'all residuals are within tolerance, but the budget of 10 products ended before the search for missed (multiple) eigenvalues did. Try a larger budget.',
    )
  })

  test('without a search for copies it finds single values for fewer products, and says what it left', async () => {
    const twice = diagonalOperator([...arithmetic(0, 0.005, 201), 2, 3, 3])
    const found = async (findsMultiples: boolean) => {
      // Coarse, so that rounding has no time to bring the copy in.
      const options = { top: 2, bottom: 0, tolerance: 1e-3, findsMultiples }
      const { top, products, note } = await pairsOf(twice, options)
      return { values: top.map(({ value }) => Number(value.toFixed(2))), products, note }
    }
    const [checked, unchecked] = [await found(true), await found(false)]
    expect(checked.values).toEqual([3, 3])
    expect(checked.note).toBe('')
    expect(unchecked.values).toEqual([3, 2])
    expect(unchecked.products).toBeLessThan(checked.products)
    expect(unchecked.note).toMatch(/^Multiple eigenvalues were not looked for/)
  })

  test('an operator that disagrees with itself is not converged, and a larger budget is not advised', async () => {
    // The products that measure the pairs differ by 1e-6 from those of the search: it converges, its true residuals do not.
    const exact = diagonalOperator(bulk)
    let left = (await pairsOf(exact)).products - 5
    const wavering: LinearOperator = {
      ...exact,
      apply: async (input, rows, output) => {
        await exact.apply(input, rows, output)
        if (left <= 0) output.forEach((x, i) => (output[i] = x + 1e-6))
        left -= rows
      },
    }
    const result = await pairsOf(wavering)
    expect(result.status).toBe('not-converged')
    expect(result.note).toMatch(/^0 of 5 residuals are within tolerance after \d+ products; /)
    expect(result.note).toMatch(/Try a larger tolerance\./)
  })

  test('an operator whose products waver shows in every residual', async () => {
    // The largest value is found to 1e-9 while the others are still on their way.
    const values = [...bulk, 1e4]
    const [exact, noise] = [diagonalOperator(values), createStream(3, 'noise')]
    const wavering: LinearOperator = {
      ...exact,
      apply: async (input, rows, output) => {
        await exact.apply(input, rows, output)
        for (let i = 0; i < output.length; i += 1) {
          output[i]! += (1e-3 * noise.nextNormal()) / Math.sqrt(values.length)
        }
      },
    }
    const options = { top: 3, bottom: 0, tolerance: 1e-4 } as const
    const [still, shaken] = [await pairsOf(exact, options), await pairsOf(wavering, options)]
    expect(shaken.status).toBe('converged')
    expect(still.top[0]!.residual).toBeLessThan(1e-5)
    expect(shaken.top[0]!.residual).toBeGreaterThan(5e-4)
  })

  test('vectors come in the order of the values, in float32 too', async () => {
    // Copies of one value: their Rayleigh quotients differ by rounding, in any order.
    const values = [...new Array<number>(6).fill(3), ...arithmetic(0, 0.01, 90)]
    const A = diagonalOperator(values, float32Space(values.length))
    const result = await pairsOf(A, { top: 7, bottom: 1, tolerance: 1e-4 })
    expect(result.status).toBe('converged')
    const sorted = result.top.map(({ value }) => value).toSorted((a, b) => b - a)
    expect(result.top.map(({ value }) => value)).toEqual(sorted)
    const size = values.length
    for (const [i, { value }] of [...result.top, ...result.bottom].entries()) {
      const v = result.vectors.slice(i * size, (i + 1) * size)
      const product = A.space.allocate(1)
      await A.apply(v, 1, product)
      const [form] = await A.space.innerProducts(v, 1, product, 1)
      const [length] = await A.space.innerProducts(v, 1, v, 1)
      expect(form! / length!).toBe(value)
    }
  })

  test('the five largest of a matrix agree with its dense decomposition to 1e-8', async () => {
    const n = 60
    const matrix = symmetricWithSpectrum(
      arithmetic(-1, 0.03, n).map((x) => x ** 3 + 2 * x),
      6,
    )
    const rows = Array.from({ length: n }, (_, i) => matrix.slice(i * n, (i + 1) * n))
    const expected = eigenSymmetric(rows).values.toReversed()
    const { top } = await pairsOf(denseOperator(matrix), { top: 5, bottom: 0 })
    top.forEach(({ value }, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-8))
  })

  test('a spike above 1 + √γ leaves the bulk and points along it, one below does not', async () => {
    // Baik, Ben Arous and Péché: the threshold is 1 + √γ, not the bulk's edge (1 + √γ)².
    const [p, n] = [200, 800]
    const threshold = 1 + Math.sqrt(p / n)
    const edge = threshold ** 2
    for (const share of [1.2, 0.8]) {
      const spike = share * threshold
      const stream = createStream(3, 'spike')
      const x = Array.from({ length: p }, (_, row) =>
        Float64Array.from(
          { length: n },
          () => stream.nextNormal() * (row === 0 ? Math.sqrt(spike) : 1),
        ),
      )
      const gram = Float64Array.from({ length: p * p }, (_, at) => {
        const [a, b] = [x[Math.floor(at / p)]!, x[at % p]!]
        let sum = 0
        for (let k = 0; k < n; k += 1) sum += a[k]! * b[k]!
        return sum / n
      })
      const { top, vectors } = await pairsOf(denseOperator(gram), { top: 1, bottom: 0 })
      const overlap = vectors[0]! ** 2
      if (share > 1) {
        // ℓ + γℓ/(ℓ − 1), with the deviation of a spike √(2/n)·ℓ; squared overlap 0.46 in the limit.
        const expected = spike + ((p / n) * spike) / (spike - 1)
        expect(Math.abs(top[0]!.value - expected)).toBeLessThan(4 * spike * Math.sqrt(2 / n))
        expect(overlap).toBeGreaterThan(0.25)
      } else {
        // Tracy–Widom scale n^(−2/3): 0.02 here
        expect(Math.abs(top[0]!.value - edge)).toBeLessThan(0.12)
        expect(overlap).toBeLessThan(0.15)
      }
    }
  })
})

describe('estimateDensity', () => {
  const values = [...arithmetic(-1, 0.05, 40), 10, 20]
  const n = values.length
  const matrix = symmetricWithSpectrum(values, 1)
  const run = (operator: LinearOperator, steps = 12) =>
    estimateDensity(operator, { probes: 5, steps, stream: createStream(3, 'lockstep') })

  test('in lockstep gives what Lanczos gives from each probe alone', async () => {
    const together = await run(denseOperator(matrix))
    for (let probe = 0; probe < 5; probe += 1) {
      const start = new Float64Array(n)
      fillNormal(start, createStream(3, 'lockstep').fork('probe', probe))
      const { diagonal, offDiagonal } = await lanczos(denseOperator(matrix), start, { depth: 12 })
      const rows = diagonal.map((value, i) =>
        diagonal.map((_, j) =>
          i === j ? value : Math.abs(i - j) === 1 ? offDiagonal[Math.min(i, j)]! : 0,
        ),
      )
      const { values: nodes, vectors } = eigenSymmetric(rows)
      nodes.forEach((node, k) => {
        expect(together.nodes[probe]![k]).toBeCloseTo(node, 10)
        expect(together.weights[probe]![k]).toBeCloseTo(vectors[k]![0]! ** 2, 10)
      })
    }
  })

  test('does not depend on how an operator sums or groups its rows, up to rounding', async () => {
    const backwards: LinearOperator = {
      ...denseOperator(matrix, 3),
      apply: (input, rows, output) => {
        for (let row = 0; row < rows; row += 1) {
          for (let i = 0; i < n; i += 1) {
            let sum = 0
            for (let j = n - 1; j >= 0; j -= 1) sum += matrix[i * n + j]! * input[row * n + j]!
            output[row * n + i] = sum
          }
        }
        return Promise.resolve()
      },
    }
    const [plain, other] = [await run(denseOperator(matrix, 1)), await run(backwards)]
    plain.nodes.flat().forEach((node, i) => expect(other.nodes.flat()[i]).toBeCloseTo(node, 9))
  })

  test('scales with the operator, and a probe that closes early leaves the others alone', async () => {
    const tiny = await run(denseOperator(matrix.map((x) => 1e-12 * x)))
    const plain = await run(denseOperator(matrix))
    plain.nodes.flat().forEach((node, i) => {
      expect(tiny.nodes.flat()[i]! * 1e12).toBeCloseTo(node, 8)
    })
    const four = await run(diagonalOperator(arithmetic(0, 1, 40).map((i) => i % 4)))
    expect(four.products).toBe(5 * 4)
    four.nodes.forEach((row) => {
      expect(row).toHaveLength(4)
      row.forEach((node, k) => expect(node).toBeCloseTo(k, 10))
    })
  })
})
