import { throwIfStopped } from '#base'
import { createHessianOperator } from '#geometry/curvature'
import type { Runtime } from '#tensor/runtime'
import { compareFigures, ownFigures } from '../agreement.ts'
import { timingOf } from '../compare.ts'
import { stepSettings } from '../measure-step.ts'
import { PeerError, type Peer } from '../peer/peer.ts'
import { ratioSpread } from '../statistics.ts'
import { normals } from '../workloads/batch-data.ts'
import type { Workload, WorkloadInstance } from '../workloads/workload.ts'
import type { SearchReport, Top10Report } from './case-report.ts'
import { eigenRivals } from './eigen-rivals.ts'
import { enterRivals, type Entrant } from './enter-rivals.ts'
import { judgeEigenpairs, type Verdict } from './judge.ts'
import { searchOurselves, type OwnSearch } from './own-search.ts'
import type { Search } from './search.ts'
import { trainedInstance, type TrainingPlan } from './trained-instance.ts'

/** A Hessian whose largest eigenvalues are wanted. */
export interface Top10Problem {
  readonly id: string
  readonly workload: Workload
  readonly training: TrainingPlan
}

/** What a case is measured with. */
export interface CaseMeasurement {
  readonly seed: number
  /** Runs of each contestant that is right. */
  readonly rounds: number
  readonly runtime: Runtime
  readonly peer: Peer | null
  readonly signal?: AbortSignal | undefined
  readonly onProgress: (text: string) => void
}

/** Values wanted. */
const top = 10
/** Vectors of a product that ours is tried with. */
const ownBlockSizes = [1, 2]
/** Residual asked for, as a share of the largest |λ|. */
const tolerance = 1e-3
/** Of the values that are taken as true. */
const referenceTolerance = 1e-5
/** Other values that the true ones are compared with: scipy's, by a search of this tolerance. */
const crossCheck = { ncv: 100, tol: 1e-6 }
/** Difference, as a share of the largest |λ|, at which true values are not to be relied on. */
const largestDoubt = 2 * tolerance

/**
 * Lets us and libraries search for the ten largest eigenvalues of one Hessian in turns, and judges all by the same
 * products.
 *
 * A rival takes part with the first of its settings that is right in a trial; one that is never right is reported by its
 * last trial and runs no more. Ours takes part with the faster of its block sizes in a trial. Operators are made before the
 * clock counts, and each contestant has run once.
 *
 * @throws DisagreementError if the peer's product is not ours.
 * @throws PeerError if the peer breaks off.
 * @throws StoppedError if the signal is aborted.
 */
export async function measureTop10(
  { id, workload, training }: Top10Problem,
  measurement: CaseMeasurement,
): Promise<Top10Report> {
  const { seed, rounds, runtime, peer, signal } = measurement
  const onProgress = (text: string) => measurement.onProgress(`${id}: ${text}`)
  onProgress('training')
  const instance = await trainedInstance(workload.create(seed), training, runtime, signal)
  if (peer !== null) await prepareAlike(peer, workload, instance, runtime)
  const { loss, layout, initialParameters: parameters, batch } = instance
  const operator = await createHessianOperator({
    loss,
    layout,
    parameters,
    batches: [batch],
    rows: Math.max(...ownBlockSizes),
    runtime,
  })
  try {
    onProgress('true values')
    const wanted = { top, seed }
    const exact = { ...wanted, tolerance: referenceTolerance }
    const { result, products, values } = await searchOurselves(operator, exact, signal)
    const difference = peer === null ? null : await differenceFrom(peer, values, layout.size, seed)
    const judge = (search: Search): Promise<Verdict> =>
      judgeEigenpairs(operator, search, { reference: values, tolerance })

    const { entrants, skipped } = await enterRivals(
      peer === null ? [] : eigenRivals(values, tolerance),
      {
        solve: (rival, settings) =>
          peer!.solve(rival.solver, { top, seed, ...settings }, layout.size),
        judge,
        signal,
        onProgress,
      },
    )
    const searchWith = (findsMultiples: boolean, blockSize: number) =>
      searchOurselves(operator, { ...wanted, tolerance, findsMultiples, blockSize }, signal)
    const fastestBlockSize = async (findsMultiples: boolean): Promise<number> => {
      let fastest = { blockSize: 1, ms: Infinity }
      for (const blockSize of ownBlockSizes) {
        onProgress(`trial of ours, blocks of ${blockSize}`)
        // Compiled before the clock counts.
        const { space } = operator
        await operator.apply(space.allocate(blockSize), blockSize, space.allocate(blockSize))
        const { ms } = await searchWith(findsMultiples, blockSize)
        if (ms < fastest.ms) fastest = { blockSize, ms }
      }
      return fastest.blockSize
    }
    const [ownBlocks, alikeBlocks] = [await fastestBlockSize(true), await fastestBlockSize(false)]
    const racing = entrants.filter(({ verdict }) => verdict.isRight)
    const rivalMs: number[][] = racing.map(() => [])
    const own: OwnSearch[] = []
    const alike: OwnSearch[] = []
    for (let round = 0; round < rounds; round += 1) {
      onProgress(`round ${round + 1} of ${rounds}`)
      own.push(await searchWith(true, ownBlocks))
      alike.push(await searchWith(false, alikeBlocks))
      for (const [i, entrant] of racing.entries()) {
        throwIfStopped(signal)
        rivalMs[i]!.push((await runAgain(entrant)).ms)
      }
    }
    const last = own.at(-1)!
    const ownMs = own.map(({ ms }) => ms)
    const ours = { name: 'ours', settings: `blocks of ${last.result.blockSize}`, search: last }
    const lastAlike = alike.at(-1)!
    const alikeMs = alike.map(({ ms }) => ms)
    const oursAlike = {
      name: 'ours, no search for multiples',
      settings: `blocks of ${lastAlike.result.blockSize}`,
      search: lastAlike,
    }
    const best = racing
      .map(({ name }, i) => ({ name, time: timingOf(rivalMs[i]!) }))
      .toSorted((a, b) => a.time.median - b.time.median)[0]
    return {
      id,
      title: workload.title,
      parameterCount: layout.size,
      training,
      tolerance,
      reference: {
        values: [...values],
        status: result.status,
        products,
        crossCheck: difference,
        isTrusted: result.status === 'converged' && (difference ?? 0) <= largestDoubt,
      },
      searches: [
        { ...searchReport({ ...ours, verdict: await judge(last) }, ownMs), isOurs: true },
        {
          ...searchReport({ ...oursAlike, verdict: await judge(lastAlike) }, alikeMs),
          isOurs: true,
        },
        ...entrants.map((entrant) => {
          const i = racing.indexOf(entrant)
          return searchReport(entrant, i < 0 ? [entrant.search.ms] : rivalMs[i]!)
        }),
      ],
      skipped: [...skipped],
      ours: {
        productShare: last.productShare,
        blockSize: last.result.blockSize,
        note: last.result.note,
      },
      best:
        best === undefined
          ? null
          : {
              name: best.name,
              ratio: ratioSpread(ownMs, best.time.samples),
              ratioAlike: ratioSpread(alikeMs, best.time.samples),
            },
    }
  } finally {
    await operator.release()
  }
}

/** Gives the peer the same network at the same parameters. */
export async function prepareAlike(
  peer: Peer,
  workload: Workload,
  instance: WorkloadInstance,
  runtime: Runtime,
): Promise<void> {
  const direction = normals(instance.layout.size, 0, 'direction')
  const figures = await peer.prepare(workload, instance, direction, stepSettings)
  compareFigures(workload, await ownFigures(instance, direction, runtime), figures)
}

/** Largest difference of another library's values, as a share of the largest |λ|; null if it gave none. */
async function differenceFrom(
  peer: Peer,
  values: readonly number[],
  size: number,
  seed: number,
): Promise<number | null> {
  const found = await peer.solve('torch-eigsh', { top: values.length, seed, ...crossCheck }, size)
  if ('failure' in found) return null
  const scale = Math.max(...values.map(Math.abs))
  return Math.max(...values.map((value, i) => Math.abs(value - found.values[i]!) / scale))
}

async function runAgain({ name, run }: Entrant): Promise<Search> {
  const search = await run()
  if ('failure' in search) throw new PeerError(`${name} failed in a round: ${search.failure}`)
  return search
}

const searchReport = (
  { name, settings, search, verdict }: Omit<Entrant, 'run'>,
  samples: number[],
): SearchReport => ({
  name,
  isOurs: false,
  settings,
  time: timingOf(samples),
  products: search.products,
  values: [...search.values],
  residuals: [...verdict.residuals],
  overlap: verdict.overlap,
  misses: [...verdict.misses],
  isRight: verdict.isRight,
})
