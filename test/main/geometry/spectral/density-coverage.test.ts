import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import { estimateDensity } from '#geometry/spectral'
import { countNegative, meanAndStandardError, zeroMass } from '#shared/statistics'
import { bandAxes, studyBands } from '../../../support/band-coverage.ts'
import { arithmetic } from '../../../support/matrices.ts'
import { diagonalOperator } from '../../../support/spectra-operators.ts'
import { layeredSpectrum } from '../../../support/spectra.ts'

// A third zero, a Marchenko–Pastur bulk and outliers: reduced from test/bench/density-coverage.ts.
const spectrum = layeredSpectrum(150, 340)
const level = 0.9

describe.each([
  // Without outliers each of the far eigenvalues is known to about √(2/3) of its weight only.
  ['with outliers taken out', { top: 8, bottom: 2 }, 0.5],
  ['with outliers left in', null, 3],
])('bands of a density %s', (_name, outliers, widest) => {
  test('cover the truth at their level or more over seeds, on every axis and for every number', async () => {
    const { axes, numbers } = await studyBands({
      spectrum,
      seeds: Array.from({ length: 40 }, (_, seed) => seed),
      probes: 3,
      steps: 40,
      level,
      outliers,
    })
    for (const axis of bandAxes) {
      const { shares, visible } = axes.get(axis)!
      for (const seen of [shares, visible]) {
        // Points of one seed depend on each other, seeds do not.
        const { mean, standardError } = meanAndStandardError(seen)
        expect(mean, axis).toBeGreaterThanOrEqual(level - 2 * standardError)
      }
    }
    // Where steps are enough, bands are no wider than they must be.
    expect(meanAndStandardError(axes.get('linear')!.visible).mean).toBeLessThan(0.97)
    expect(axes.get('linear')!.width).toBeLessThan(widest)
    for (const [name, share] of numbers) {
      // Three binomial errors of 40 seeds.
      expect(share, name).toBeGreaterThanOrEqual(level - 3 * Math.sqrt((level * (1 - level)) / 40))
    }
    expect(numbers.size).toBeGreaterThanOrEqual(4)
  })
})

describe('counts about a null space', () => {
  test.each([20, 30, 50])(
    'are not sure of its side before %i steps have brought its node to zero',
    async (steps) => {
      // 240 zeros, 20 negative values, and 140 positive ones.
      const values = [
        ...new Array<number>(240).fill(0),
        ...arithmetic(-0.24, 0.01, 20),
        ...arithmetic(0.25, 0.01, 140),
      ]
      const seeds = 40
      const held = { negative: 0, zero: 0 }
      for (let seed = 0; seed < seeds; seed += 1) {
        const stream = createStream(seed, 'null-space')
        const density = await estimateDensity(diagonalOperator(values), {
          probes: 4,
          steps,
          stream,
        })
        const negative = countNegative(density, Number.EPSILON, level)
        const zero = zeroMass(density, Number.EPSILON, level)
        if (negative.lower <= 20 && 20 <= negative.upper) held.negative += 1
        if (zero.lower <= 0.6 && 0.6 <= zero.upper) held.zero += 1
      }
      const least = seeds * (level - 3 * Math.sqrt((level * (1 - level)) / seeds))
      expect(held.negative).toBeGreaterThanOrEqual(least)
      expect(held.zero).toBeGreaterThanOrEqual(least)
    },
  )
})
