import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicMs, throwIfStopped } from '#base'

/** Something that does one work again and again. */
export interface Contestant {
  /** Units that one call works off, e.g. the vectors of a block. */
  readonly units: number
  /** Calls `warm` times untimed, then `repeat` times; milliseconds of the latter together. */
  run(warm: number, repeat: number): Promise<number>
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

/** Milliseconds a unit of one sample, and how many calls make a sample. */
async function tryOut(contestant: Contestant): Promise<Pace & { readonly ms: number }> {
  const callMs = await contestant.run(1, 1)
  const pace = {
    warm: callMs < warmUpLimitMs ? 1 : 0,
    repeat: Math.max(1, Math.ceil(sampleMs / callMs)),
  }
  const sample = pace.repeat === 1 ? callMs : await contestant.run(0, pace.repeat)
  return { ...pace, ms: sample / (pace.repeat * contestant.units) }
}

/** Milliseconds a unit: the least of a few samples, as other work on the machine only ever slows. */
export async function leastTime(contestant: Contestant): Promise<number> {
  const started = monotonicMs()
  const { warm, repeat, ms } = await tryOut(contestant)
  const times = [ms]
  while (times.length < trialSamples && monotonicMs() - started < trialMs) {
    await sleep(pauseMs)
    times.push((await contestant.run(warm, repeat)) / (repeat * contestant.units))
  }
  return Math.min(...times)
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
  const plans: (Pace & { contestant: Contestant; times: number[] })[] = []
  for (const contestant of contestants) {
    throwIfStopped(signal)
    plans.push({ ...(await tryOut(contestant)), contestant, times: [] })
  }
  const started = monotonicMs()
  for (let round = 0; round < samples; round += 1) {
    if (round >= fewestRounds && monotonicMs() - started > budgetMs) break
    for (const { contestant, warm, repeat, times } of plans) {
      throwIfStopped(signal)
      await sleep(pauseMs)
      times.push((await contestant.run(warm, repeat)) / (repeat * contestant.units))
    }
  }
  return plans.map(({ times }) => times)
}
