import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicMs, throwIfStopped } from '#base'

/** Something that does one work again and again. */
export interface Contestant {
  /** Units that one call works off, e.g. the vectors of a block. */
  readonly units: number
  /** Calls `warm` times untimed, then `repeat` times; milliseconds of the latter together. */
  readonly run: (warm: number, repeat: number) => Promise<number>
}

/** How long and how often to measure. */
export interface RaceOptions {
  /** Samples of each contestant. */
  readonly samples: number
  /** After this time no round begins beyond the third. */
  readonly budgetMs: number
  readonly signal?: AbortSignal | undefined
}

/** Rounds that are measured whatever they take. */
const fewestRounds = 3
/** A sample repeats quick work for about this long. */
const sampleMs = 50
/** Longer work is not run once more to warm up within a sample. */
const warmUpLimitMs = 100
/** A first call that takes longer is not slow for being the first. */
const longCallMs = 500
/** Of a trial, however long they take: a single one may fall into a disturbance. */
const leastTrialSamples = 3
/** Samples of a trial, and the time after which no more are taken. */
const trialSamples = 4
const trialMs = 2_000
/**
 * Before each sample. The threads of PyTorch's pool spin for some milliseconds after their work and would take
 * the cores from whoever comes next.
 */
const pauseMs = 25

/** Work of a call done in this process. */
export const localContestant = (units: number, work: () => Promise<unknown>): Contestant => ({
  units,
  run: async (warm, repeat) => {
    for (let i = 0; i < warm; i += 1) await work()
    const started = monotonicMs()
    for (let i = 0; i < repeat; i += 1) await work()
    return monotonicMs() - started
  },
})

interface Pace {
  readonly warm: number
  readonly repeat: number
}

/** How many calls of this length make a sample. */
const paceOf = (callMs: number): Pace => ({
  warm: callMs < warmUpLimitMs ? 1 : 0,
  repeat: Math.max(1, Math.ceil(sampleMs / callMs)),
})

async function sample({ units, run }: Contestant, { warm, repeat }: Pace): Promise<number> {
  return (await run(warm, repeat)) / (repeat * units)
}

/** Milliseconds a unit: the least of a few samples, as other work on the machine only ever slows. */
export async function leastTime(contestant: Contestant): Promise<number> {
  const started = monotonicMs()
  const callMs = await contestant.run(1, 1)
  const pace = paceOf(callMs)
  const times = pace.repeat === 1 ? [callMs / contestant.units] : [await sample(contestant, pace)]
  while (
    times.length < leastTrialSamples ||
    (times.length < trialSamples && monotonicMs() - started < trialMs)
  ) {
    await sleep(pauseMs)
    times.push(await sample(contestant, pace))
  }
  return Math.min(...times)
}

/** The pace of a contestant, from one call if that is long enough to tell. */
async function findPace(contestant: Contestant): Promise<Pace> {
  const firstMs = await contestant.run(0, 1)
  return paceOf(firstMs > longCallMs ? firstMs : await contestant.run(0, 1))
}

/**
 * Lets contestants take turns, one sample each a round, so that the i-th samples of all were taken under the same
 * conditions.
 *
 * @returns Milliseconds a unit: one list a contestant, all of one length.
 */
export async function race(
  contestants: readonly Contestant[],
  { samples, budgetMs, signal }: RaceOptions,
): Promise<number[][]> {
  const plans: { contestant: Contestant; pace: Pace; times: number[] }[] = []
  for (const contestant of contestants) {
    throwIfStopped(signal)
    plans.push({ contestant, pace: await findPace(contestant), times: [] })
  }
  const started = monotonicMs()
  for (let round = 0; round < samples; round += 1) {
    if (round >= fewestRounds && monotonicMs() - started > budgetMs) break
    for (const { contestant, pace, times } of plans) {
      throwIfStopped(signal)
      await sleep(pauseMs)
      times.push(await sample(contestant, pace))
    }
  }
  return plans.map(({ times }) => times)
}
