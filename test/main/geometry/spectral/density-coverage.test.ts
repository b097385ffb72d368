import { describe, expect, test } from 'vitest'
import { meanAndStandardError } from '#shared/statistics'
import { bandAxes, studyBands } from '../../../support/band-coverage.ts'
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
