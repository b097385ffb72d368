import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { describeNetwork, runProbe, type ProbeOptions } from '#lab/experiments'
import { encodeNpz } from '#learn/datasets'
import { fixturePath, networkGolden, networkNames } from '../../../support/fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'saddle-probe-'))
afterAll(() => rmSync(folder, { recursive: true }))

const optionsFor = (name: string, ending = 'safetensors'): ProbeOptions => {
  const golden = networkGolden(name)
  return {
    network: golden.network,
    loss: golden.loss,
    weightsPath: fixturePath('networks', `${name}.${ending}`),
    dataPath: fixturePath('networks', `${name}-data.npz`),
    vectorPath: fixturePath('networks', `${name}-vector.npy`),
    seed: 0,
  }
}
const relative = (got: ArrayLike<number>, expected: readonly number[]): number =>
  Math.hypot(...expected.map((x, i) => got[i]! - x)) / Math.hypot(...expected)

describe.each(networkNames)('a probe of %s by PyTorch', (name) => {
  const golden = networkGolden(name)

  test('agrees in loss, gradient and product to 1e-5', async () => {
    for (const ending of ['safetensors', 'npz']) {
      const result = await runProbe({ ...optionsFor(name, ending), batch: 16 })
      expect(Math.abs(result.loss / golden.value - 1)).toBeLessThan(1e-5)
      expect(relative(result.gradient, golden.gradient)).toBeLessThan(1e-5)
      expect(relative(result.product!, golden.product)).toBeLessThan(1e-5)
      expect(result.gradientNorm / Math.hypot(...golden.gradient)).toBeCloseTo(1, 5)
    }
  })

  test('agrees in the largest eigenvalues to 1e-5, and in the smallest to 1e-5 of the largest', async () => {
    const result = await runProbe({ ...optionsFor(name), top: 5, bottom: 3, maxProducts: 4000 })
    const [document] = result.measurements
    if (document?.kind !== 'eigenpairs') throw new Error('no eigenpairs')
    expect(document.status).toBe('converged')
    const largest = golden.top[0]!
    document.top.forEach(({ value }, i) =>
      expect(Math.abs(value / golden.top[i]! - 1)).toBeLessThan(1e-5),
    )
    document.bottom.forEach(({ value, residual }, i) => {
      expect(Math.abs(value - golden.bottom[i]!)).toBeLessThan(1e-5 * largest)
      expect(residual).toBeLessThan(1e-5 * largest)
    })
  })

  test('estimates trace and density within 4 standard errors', async () => {
    const result = await runProbe({
      ...optionsFor(name),
      trace: { probes: 200 },
      density: { probes: 100, steps: 20 },
    })
    const [trace, density] = result.measurements
    if (trace?.kind !== 'trace' || density?.kind !== 'density') throw new Error('not measured')
    // Where a trace is known without spread (a diagonal Hessian), rounding is all there is.
    const slack = 1e-5 * Math.abs(golden.trace)
    expect(Math.abs(trace.value - golden.trace)).toBeLessThan(4 * trace.standardError + slack)
    const n = result.parameterCount
    expect(Math.abs(density.moments.mean - golden.trace / n)).toBeLessThan(
      4 * density.moments.meanStandardError,
    )
    expect(Math.abs(density.moments.square - golden.squaredNorm / n)).toBeLessThan(
      4 * density.moments.squareStandardError,
    )
    expect(Math.abs(density.weightSum - 1)).toBeLessThan(1e-6)
  })
})

describe('a probe of what does not fit', () => {
  const base = optionsFor('tanh-ce')
  const network = networkGolden('tanh-ce').network

  test('names the tensor, what was expected and what was found', async () => {
    await expect(
      runProbe({ ...base, network: { ...network, widths: [64, 30, 10] } }),
    ).rejects.toThrow(/tensor layers.0.weight in .* must have shape \[30, 64\], got \[32, 64\]/)
    await expect(
      runProbe({ ...base, network: { ...network, widths: [64, 32, 32, 10] } }),
    ).rejects.toThrow(/tensor layers.1.weight in .* must have shape \[32, 32\], got \[10, 32\]/)
    await expect(runProbe({ ...base, network: { ...network, bias: false } })).rejects.toThrow(
      /tensor layers.0.bias does not belong to this network/,
    )
  })

  test('names the vector whose length is wrong', async () => {
    const vectorPath = fixturePath('networks', 'gelu-ce-vector.npy')
    await expect(runProbe({ ...base, vectorPath })).rejects.toThrow(
      /vector .*gelu-ce-vector.npy must have shape \[2410\], got \[\d+\]/,
    )
  })

  test('names the truncated file', async () => {
    const path = join(folder, 'cut.safetensors')
    writeFileSync(path, readFileSync(base.weightsPath).subarray(0, 4000))
    await expect(runProbe({ ...base, weightsPath: path })).rejects.toThrow(/cut.safetensors/)
  })

  test('names the missing file', async () => {
    const path = join(folder, 'absent.npz')
    await expect(runProbe({ ...base, dataPath: path })).rejects.toThrow(
      /file not found: .*absent.npz/,
    )
  })

  test('names array, row and column of a NaN', async () => {
    const path = join(folder, 'nan.npz')
    const x = new Float32Array(2 * 64)
    x[70] = NaN
    writeFileSync(
      path,
      encodeNpz(
        new Map([
          ['x', { dtype: 'float32' as const, shape: [2, 64], data: x }],
          ['y', { dtype: 'float64' as const, shape: [2], data: Float64Array.of(1, 2) }],
        ]),
      ),
    )
    await expect(runProbe({ ...base, dataPath: path })).rejects.toThrow(
      /NaN in x at row 1, column 6 of .*nan.npz/,
    )
  })
})

describe('describeNetwork', () => {
  test('lists names and shapes in the order of parameters()', () => {
    const { parameters } = describeNetwork({
      kind: 'mlp',
      widths: [3, 2, 1],
      activation: 'relu',
      bias: true,
    })
    expect(parameters.entries.map(({ name, shape }) => `${name} ${shape.join('x')}`)).toEqual([
      'layers.0.weight 2x3',
      'layers.0.bias 2',
      'layers.1.weight 1x2',
      'layers.1.bias 1',
    ])
  })
})
