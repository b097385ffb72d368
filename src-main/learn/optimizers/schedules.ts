/** How the learning rate changes over the steps of a training; warm-up comes first. */
export type Schedule = {
  /** Steps in which the rate rises in equal parts; the step after them is the first at the full rate. @default 0 */
  readonly warmupSteps?: number | undefined
} & (
  | { readonly kind: 'constant' }
  /** × factor after every so many steps. */
  | { readonly kind: 'step'; readonly everySteps: number; readonly factor: number }
  /** Half a cosine down to a share of the rate. */
  | { readonly kind: 'cosine'; readonly finalShare: number }
  /** √(τ/(τ + s)), with a timescale τ of the steps of warm-up, or 1 if there are none. */
  | { readonly kind: 'inverse-sqrt' }
)

/** Share of the full rate, s steps after warm-up, of `length` in all. */
function shareAfterWarmup(schedule: Schedule, s: number, length: number): number {
  switch (schedule.kind) {
    case 'constant':
      return 1
    case 'step':
      return schedule.factor ** Math.floor(s / schedule.everySteps)
    case 'cosine': {
      const progress = length > 0 ? Math.min(1, s / length) : 1
      const { finalShare } = schedule
      return finalShare + ((1 - finalShare) * (1 + Math.cos(Math.PI * progress))) / 2
    }
    case 'inverse-sqrt': {
      const timescale = Math.max(1, schedule.warmupSteps ?? 0)
      return Math.sqrt(timescale / (timescale + s))
    }
  }
}

/**
 * The learning rate of a step: base·(t + 1)/(w + 1) in the w steps of warm-up, then base times, with s = t − w,
 * 1 (constant), factor^⌊s/n⌋ (step), f + (1 − f)·(1 + cos(π·s/(T − w)))/2 (cosine), √(τ/(τ + s)) with τ = max(1, w) (inverse
 * square root).
 *
 * Pure: goes on after an interruption without a state. The values are those of PyTorch's `StepLR`, `CosineAnnealingLR` and
 * `LambdaLR` behind a `LinearLR`.
 *
 * @param base - Full rate.
 * @param step - Steps taken before, t, from 0.
 * @param total - Steps in all, T; only `cosine` looks at it.
 * @see Loshchilov and Hutter, SGDR (2017); Goyal et al., Accurate, large minibatch SGD (2017), for warm-up; Vaswani et
 *   al., Attention is all you need (2017), equation 3
 */
export function scheduledRate(
  schedule: Schedule,
  base: number,
  step: number,
  total: number,
): number {
  const { warmupSteps = 0 } = schedule
  if (step < warmupSteps) return (base * (step + 1)) / (warmupSteps + 1)
  return base * shareAfterWarmup(schedule, step - warmupSteps, total - warmupSteps)
}
