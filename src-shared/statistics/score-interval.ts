/** An interval around a value. */
export interface Interval {
  readonly value: number
  readonly lower: number
  readonly upper: number
}

/**
 * Wilson's score interval of a mean of draws that are 0 or `height`.
 *
 * With the variance that the mean itself implies, μ(height − μ)/draws, so it needs no spread of samples, keeps its level
 * for few draws and small means, and has no end below 0.
 *
 * @param factor - Standard errors, e.g. 1.96.
 * @see Wilson, Probable inference, the law of succession, and statistical inference (1927)
 */
export function scoreInterval(
  value: number,
  height: number,
  draws: number,
  factor: number,
): Interval {
  if (height <= 0) return { value, lower: value, upper: value }
  const share = Math.min(1, Math.max(0, value / height))
  const square = factor ** 2 / draws
  const center = (share + square / 2) / (1 + square)
  const half =
    (factor / (1 + square)) *
    Math.sqrt((share * (1 - share)) / draws + factor ** 2 / (4 * draws ** 2))
  return {
    value,
    // Rounding must not put the ends on the wrong side of the value.
    lower: Math.min(value, Math.max(0, height * (center - half))),
    upper: Math.max(value, height * (center + half)),
  }
}

/** The interval widened by an independent error of which `spread` is `factor` standard deviations; not below 0. */
export function widenInterval({ value, lower, upper }: Interval, spread: number): Interval {
  return {
    value,
    lower: Math.max(0, value - Math.hypot(value - lower, spread)),
    upper: value + Math.hypot(upper - value, spread),
  }
}
