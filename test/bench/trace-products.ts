/**
 * @file Products that each method of estimating a trace needs for a relative standard error of 2 %.
 * Run: node test/bench/trace-products.ts [seeds]
 *
 * On operators of n = 4,096 with known spectra in a random basis (test/support/rotated-operator.ts): median of the products over
 * 20 seeds, their ratio to Hutchinson's, in how many runs two standard errors held the truth, and the median true error. Fails
 * if XTrace takes more than 0.6 of Hutchinson's products where outliers are.
 */
import { createStream } from '#base'
import { estimateTrace, type TraceMethod } from '#geometry/spectral'
import { rotatedOperator, studySpectra } from '../support/rotated-operator.ts'
import { digitsSpectrum } from '../support/spectra.ts'

const size = 4096
const precision = 0.02
const limit = 0.6
const seeds = Number(process.argv[2] ?? 20)
const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN

const trained = digitsSpectrum()
const spectra = {
  ...Object.fromEntries(
    Object.entries(studySpectra).map(([name, spectrum]) => [name, spectrum(size)]),
  ),
  // The Hessian of a trained network of 4,074 parameters, and zeros.
  trained: [...trained, ...new Array<number>(size - trained.length).fill(0)],
}
for (const [name, values] of Object.entries(spectra)) {
  const trace = values.reduce((a, b) => a + b, 0)
  let ofHutchinson = NaN
  for (const method of ['hutchinson', 'hutch++', 'xtrace'] satisfies TraceMethod[]) {
    const products: number[] = []
    const errors: number[] = []
    let covered = 0
    for (let seed = 1; seed <= seeds; seed += 1) {
      const result = await estimateTrace(rotatedOperator(values, seed), {
        method,
        probes: 20,
        precision,
        maxProducts: 20_000,
        stream: createStream(seed, 'trace-products'),
      })
      const error = Math.abs(result.trace.mean - trace)
      products.push(result.products)
      errors.push(error / Math.abs(trace))
      if (error <= 2 * result.trace.standardError) covered += 1
    }
    const spent = median(products)
    if (method === 'hutchinson') ofHutchinson = spent
    const ratio = spent / ofHutchinson
    const isLate =
      method === 'xtrace' && ['outliers', 'network', 'trained'].includes(name) && ratio > limit
    if (isLate) process.exitCode = 1
    process.stdout.write(
      `${name.padEnd(9)} ${method.padEnd(10)} ${String(spent).padStart(6)} products  ratio ${ratio.toFixed(2)}` +
        `  covered ${covered}/${seeds}  error ${(100 * median(errors)).toFixed(2)} %${isLate ? '  TOO MANY' : ''}\n`,
    )
  }
}
