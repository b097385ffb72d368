import type { MetricRow } from '#shared/schemas'

/** Uniform numbers in [0, 1) from a seed: Park and Miller's generator. */
export function uniformFrom(seed: number): () => number {
  let state = (seed * 48_271 + 11) % 2_147_483_647
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

/** Rows as versions recorded them that observed no steps. */
export const withoutObservations = (rows: readonly MetricRow[]): MetricRow[] =>
  rows.map((row) => ({
    ...row,
    batchLoss: null,
    updateNorm: null,
    gradientCosine: null,
    distance: null,
    learningRate: null,
  }))

/** Rows that look like those of a small classifier. */
export function makeMetrics(seed: number, count: number, everySteps = 25): MetricRow[] {
  const uniform = uniformFrom(seed + 1)
  return Array.from({ length: count }, (_, i) => {
    const step = i * everySteps
    const decay = Math.exp(-step / 220)
    const trainLoss = 2.29 * decay + 0.012 + 0.02 * uniform() * (0.2 + decay)
    const trainAccuracy = Math.min(1, 0.998 - 0.89 * decay + 0.004 * uniform())
    return {
      step,
      epoch: step / 23,
      elapsedMs: step * 2.7 + 40,
      trainLoss,
      trainAccuracy,
      validationLoss: trainLoss + 0.09 * (1 - decay) + 0.012 * uniform(),
      validationAccuracy: Math.min(1, 0.966 - 0.86 * decay + 0.008 * uniform()),
      gradientNorm: (1.4 * decay + 0.08) * (0.6 + 0.9 * uniform()),
      batchLoss: trainLoss * (0.8 + 0.4 * uniform()),
      updateNorm: (0.05 * decay + 0.004) * (0.8 + 0.4 * uniform()),
      gradientCosine: i === 0 ? null : 0.7 * decay - 0.1 + 0.3 * uniform(),
      distance: 4.2 * (1 - decay) + 0.4 * Math.sqrt(step / 900),
      learningRate: 0.003 * Math.cos((Math.PI / 2) * (i / count)) ** 2,
    }
  })
}
