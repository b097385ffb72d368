import { createStream, monotonicMs, throwIfStopped } from '#base'
import { createHessianOperator, denseMatrix } from '#geometry/curvature'
import type { LinearOperator } from '#geometry/operators'
import { estimateDensity, findOutliers, symmetricEigenvalues } from '#geometry/spectral'
import { loadDigits, readAll } from '#learn/datasets'
import { averagedLaw, wassersteinDistance, weightedNodes, type PointLaw } from '#shared/statistics'
import { timingOf } from '../compare.ts'
import type { PeerDensity } from '../peer/messages.ts'
import type { PeerFailure } from '../peer/peer.ts'
import { spreadOf } from '../statistics.ts'
import { targetsOf } from '../workloads/batch-data.ts'
import { perceptron } from '../workloads/perceptron.ts'
import type { Workload } from '../workloads/workload.ts'
import type { DensityReport, EstimateReport } from './case-report.ts'
import { prepareAlike, type CaseMeasurement } from './measure-top10.ts'
import { trainedInstance, type TrainingPlan } from './trained-instance.ts'

/** A network small enough that its spectrum is known, whose density is estimated. */
export interface DensityProblem {
  readonly training: TrainingPlan
  load(): Promise<Workload>
}

/** The plain quadrature, which ours takes half the products of. */
const plain = { probes: 10, steps: 80 }
/** Runs of each estimate, with a seed each. */
const seedCount = 5

/** One estimate of the density. */
interface Estimate {
  readonly ms: number
  readonly products: number
  readonly law: PointLaw
}

/** Contestants by name; each estimates once for a seed, or says why it cannot. */
interface Estimator {
  readonly name: string
  readonly isOurs: boolean
  readonly settings: string
  readonly run: (seed: number) => Promise<Estimate | PeerFailure>
}

const peerDensities: readonly (readonly [string, PeerDensity])[] = [
  ['curvlinops', 'curvlinops'],
  ['hessian-eigenthings', 'eigenthings'],
  ['PyHessian', 'pyhessian'],
]

/** The digits that are shipped, as one batch of a tanh network with 4,074 parameters. */
export const digitsProblem = (dataFolder: string): DensityProblem => ({
  training: { steps: 500, learningRate: 0.5 },
  load: async () => {
    const samples = await loadDigits(`${dataFolder}/digits-8x8`)
    const { features, targets } = await readAll(samples)
    const labels = Int32Array.from(targets)
    const network = perceptron({
      id: 'digits',
      title: 'MLP 64-48-16-10, all digits',
      widths: [64, 48, 16, 10],
      batchSize: samples.count,
      blockSizes: [1],
    })
    const batch = [features, ...targetsOf(labels, 10)]
    return { ...network, create: (seed) => ({ ...network.create(seed), batch }) }
  },
})

/**
 * Measures how far densities are from the exact spectrum: plain quadratures of libraries and of ours, and ours with the
 * outliers taken out at half the products.
 *
 * Cost: n products in float64 and O(n³) work for the exact spectrum, on each side.
 *
 * @throws DisagreementError if the peer's product is not ours.
 * @throws PeerError if the peer breaks off.
 * @throws StoppedError if the signal is aborted.
 */
export async function measureDensity(
  problem: DensityProblem,
  { seed, runtime, peer, signal, onProgress }: CaseMeasurement,
): Promise<DensityReport> {
  const workload = await problem.load()
  onProgress('density: training')
  const instance = await trainedInstance(workload.create(seed), problem.training, runtime, signal)
  const { loss, layout, initialParameters, batch } = instance
  if (peer !== null) await prepareAlike(peer, workload, instance, runtime)
  const setting = { loss, layout, batches: [batch], runtime }
  onProgress('density: exact spectrum')
  const exact = await createHessianOperator({
    ...setting,
    parameters: Float64Array.from(initialParameters),
  })
  const { matrix } = await denseMatrix(exact, { signal }).finally(() => exact.release())
  const spectrum = await symmetricEigenvalues(matrix, layout.size, { signal })
  const theirs = peer === null ? null : await peer.spectrum()
  const truth = Array.from(spectrum, (value) => ({ value, weight: 1 / layout.size }))

  const operator = await createHessianOperator({ ...setting, parameters: initialParameters })
  try {
    const estimators: Estimator[] = [
      {
        name: 'ours, deflated',
        isOurs: true,
        settings: 'half the products',
        run: deflated(operator),
      },
      { name: 'ours, plain', isOurs: true, settings: plainText, run: plainly(operator) },
      ...(peer === null ? [] : peerDensities).map(([name, library]): Estimator => ({
        name,
        isOurs: false,
        settings: plainText,
        run: async (at) => {
          const found = await peer!.density(library, { ...plain, seed: at })
          return 'failure' in found ? found : { ...found, law: weightedNodes(found) }
        },
      })),
    ]
    const seeds = Array.from({ length: seedCount }, (_, i) => seed + i)
    const estimates: EstimateReport[] = []
    const skipped: DensityReport['skipped'] = []
    for (const estimator of estimators) {
      onProgress(`density: ${estimator.name}`)
      const runs: Estimate[] = []
      let failure: string | null = null
      for (const at of seeds) {
        throwIfStopped(signal)
        const run = await estimator.run(at)
        if ('failure' in run) {
          failure = run.failure
          break
        }
        runs.push(run)
      }
      const { name, isOurs, settings } = estimator
      if (failure !== null) skipped.push({ name, reason: failure })
      else {
        estimates.push({
          name,
          isOurs,
          settings,
          time: timingOf(runs.map(({ ms }) => ms)),
          products: Math.max(...runs.map(({ products }) => products)),
          distance: spreadOf(runs.map(({ law }) => wassersteinDistance(law, truth))),
        })
      }
    }
    return {
      title: workload.title,
      parameterCount: layout.size,
      training: problem.training,
      largest: Array.from(spectrum.slice(-10)).reverse(),
      crossCheck: theirs === null ? null : largestDifference(spectrum, theirs),
      seeds,
      estimates,
      skipped,
      best: bestPlain(estimates),
    }
  } finally {
    await operator.release()
  }
}

const plainText = `${plain.probes} probes x ${plain.steps} steps`

const plainly =
  (operator: LinearOperator) =>
  async (seed: number): Promise<Estimate> => {
    const started = monotonicMs()
    const stream = createStream(seed, 'bench', 'plain density')
    const found = await estimateDensity(operator, { ...plain, stream })
    return { ms: monotonicMs() - started, products: found.products, law: weightedNodes(found) }
  }

/** Outliers first, then as many probes as half the products of the plain quadrature leave. */
const deflated =
  (operator: LinearOperator) =>
  async (seed: number): Promise<Estimate> => {
    const started = monotonicMs()
    const half = (plain.probes * plain.steps) / 2
    const stream = createStream(seed, 'bench', 'deflated density')
    const outliers = await findOutliers(operator, { stream: stream.fork('outliers') })
    const found = await estimateDensity(operator, {
      probes: Math.floor((half - outliers.products) / plain.steps),
      steps: plain.steps,
      stream: stream.fork('probes'),
      outliers,
    })
    return {
      ms: monotonicMs() - started,
      products: outliers.products + found.products,
      law: averagedLaw(found),
    }
  }

/** The deflated estimate against the plain one that is nearest to the truth. */
function bestPlain(estimates: readonly EstimateReport[]): DensityReport['best'] {
  const [own, ...others] = estimates
  const nearest = others.reduce((best, entry) =>
    entry.distance.median < best.distance.median ? entry : best,
  )
  return {
    name: nearest.name,
    distance: own!.distance.median / nearest.distance.median,
    products: own!.products / nearest.products,
  }
}

/** Of ascending spectra, as a share of the largest |λ|. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, scale] = [0, 0]
  for (let i = 0; i < a.length; i += 1) {
    difference = Math.max(difference, Math.abs(a[i]! - b[i]!))
    scale = Math.max(scale, Math.abs(a[i]!))
  }
  return difference / scale
}
