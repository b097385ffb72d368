/** λ is multiplied or divided by this for each step since it was last adapted. */
const adaptation = 19 / 20

/** No step is left above this. */
const largest = 1e9

/**
 * λ by the rule of Levenberg and Marquardt: smaller if the loss fell by more than 3/4 of what the model predicted, larger
 * if by less than 1/4 or if the loss is not a number.
 *
 * @param ratio - Change of the loss over the predicted one.
 * @param steps - Since λ was last adapted.
 * @param least - λ does not fall below this.
 * @returns λ as float32.
 * @see Martens and Grosse (2015), §6.5
 */
export function adaptedDamping(
  damping: number,
  ratio: number,
  steps: number,
  least: number,
): number {
  const factor = adaptation ** steps
  if (ratio > 3 / 4) return Math.fround(Math.max(damping * factor, least))
  if (ratio >= 1 / 4) return damping
  return Math.fround(Math.min(damping / factor, largest))
}
