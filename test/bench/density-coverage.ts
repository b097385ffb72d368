/**
 * @file How well densities keep what they promise, on spectra that are known.
 * Run: node test/bench/density-coverage.ts [coverage] [distance]
 *
 * - coverage: over 100 seeds, how often bands and intervals at 95 % hold the truth, on the spectrum of a trained network of
 *   4,074 parameters and on a synthetic one (a null space, a Marchenko–Pastur bulk, outliers), with outliers taken out and
 *   left in. Fails if a band covers less than its level by more than two standard errors over seeds.
 * - distance: medians over 21 seeds of the Wasserstein-1 distance to the trained spectrum and of the products, for plain
 *   quadrature with 10 probes of 80 steps and for settings of at most half its products. Fails if the recommended one is not
 *   as near as the plain one.
 *
 * About six minutes of one core.
 */
import { createStream } from '#base'
import { estimateDensity, findOutliers } from '#geometry/spectral'
import {
  averagedLaw,
  meanAndStandardError,
  wassersteinDistance,
  weightedNodes,
} from '#shared/statistics'
import { bandAxes, studyBands } from '../support/band-coverage.ts'
import { digitsSpectrum, layeredSpectrum } from '../support/spectra.ts'
import { diagonalOperator } from '../support/spectra-operators.ts'

const level = 0.95
const trained = digitsSpectrum()
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

async function coverage(): Promise<boolean> {
  let isKept = true
  const spectra = { trained, synthetic: layeredSpectrum(600, 1390) }
  for (const [name, spectrum] of Object.entries(spectra)) {
    for (const outliers of [{ top: 10, bottom: 3 }, null]) {
      const study = { spectrum, seeds: range(100), probes: 4, steps: 80, level, outliers }
      const { axes, numbers } = await studyBands(study)
      console.log(
        `${name}, ${String(spectrum.length)} eigenvalues, outliers ${outliers === null ? 'left in' : 'taken out'}`,
      )
      for (const axis of bandAxes) {
        const found = axes.get(axis)
        if (found === undefined) continue
        const [all, visible] = [found.shares, found.visible].map(meanAndStandardError)
        for (const { mean, standardError } of [all!, visible!]) {
          isKept &&= mean >= level - 2 * standardError
        }
        console.log(
          `  ${axis.padEnd(7)} all points ${percent(all!.mean)} ± ${percent(all!.standardError)}, visible ones ${percent(visible!.mean)} ± ${percent(visible!.standardError)}, mean width ${percent(found.width)} of the density`,
        )
      }
      for (const [number, share] of numbers) console.log(`  ${number}: ${percent(share)}`)
    }
  }
  return isKept
}

async function distance(): Promise<boolean> {
  const operator = diagonalOperator(trained)
  const truth = trained.map((value) => ({ value, weight: 1 / trained.length }))
  const seeds = range(21)
  const run = async (
    probes: number,
    steps: number,
    search: { top: number; bottom: number } | null,
  ): Promise<{ gauss: number; averaged: number; products: number }> => {
    const found = { gauss: [] as number[], averaged: [] as number[], products: [] as number[] }
    for (const seed of seeds) {
      const outliers =
        search === null
          ? undefined
          : await findOutliers(operator, { ...search, stream: createStream(seed, 'outliers') })
      const density = await estimateDensity(operator, {
        probes,
        steps,
        stream: createStream(seed, 'density'),
        outliers,
      })
      found.gauss.push(wassersteinDistance(weightedNodes(density), truth))
      found.averaged.push(wassersteinDistance(averagedLaw(density), truth))
      found.products.push((outliers?.products ?? 0) + density.products)
    }
    const result = {
      gauss: median(found.gauss),
      averaged: median(found.averaged),
      products: median(found.products),
    }
    console.log(
      `  ${String(probes)} probes x ${String(steps)} steps, outliers ${search === null ? 'none' : `${String(search.top)} + ${String(search.bottom)}`}: ${String(result.products)} products, W1 ${result.gauss.toExponential(2)} by Gauss rules, ${result.averaged.toExponential(2)} averaged with anti-Gauss`,
    )
    return result
  }
  console.log('Wasserstein-1 distance to the trained spectrum, medians of 21 seeds')
  const plain = await run(10, 80, null)
  await run(5, 80, null)
  for (const [probes, steps, top, bottom] of [
    [2, 25, 10, 3],
    [2, 160, 10, 3],
    [3, 100, 10, 3],
    [6, 55, 10, 3],
    [4, 80, 5, 0],
    [3, 80, 10, 10],
    [2, 100, 20, 5],
  ] as const) {
    await run(probes, steps, { top, bottom })
  }
  console.log('  recommended:')
  const ours = await run(4, 80, { top: 10, bottom: 3 })
  return ours.products <= plain.products / 2 && ours.averaged <= plain.gauss
}

const asked = process.argv.slice(2)
const cases = { coverage, distance }
for (const [name, measure] of Object.entries(cases)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  if (!(await measure())) {
    console.log(`${name}: not kept`)
    process.exitCode = 1
  }
}
