import { fillNormal, type RandomStream } from '#base'
import type { Vector } from '#geometry/operators'
import type { Loss } from '#learn/models'

/** Scores a row gets: one a draw, or one a class where there are fewer classes. */
export const scoresPerRow = (loss: Loss, draws: number, count: number): number =>
  loss === 'cross-entropy' ? Math.min(draws, count) : draws

/** exp(x) / Σ exp(x), in float64. */
function softmaxOf(row: Vector): Float64Array {
  const logits = Float64Array.from(row)
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity)
  const shares = logits.map((x) => Math.exp(x - largest))
  const total = shares.reduce((a, b) => a + b, 0)
  return shares.map((share) => share / total)
}

/** A class drawn by a uniform number in [0, 1); rounding of the sums never leads past the last one. */
function drawClass(p: Float64Array, uniform: number): number {
  let sum = 0
  for (let k = 0; k < p.length - 1; k += 1) {
    sum += p[k]!
    if (uniform < sum) return k
  }
  return p.length - 1
}

/** √weight·(p − e_label), written into `target`. */
function setScore(target: Vector, p: Float64Array, label: number, weight: number): void {
  const scale = Math.sqrt(weight)
  for (let k = 0; k < p.length; k += 1) target[k] = scale * (p[k]! - (k === label ? 1 : 0))
}

/**
 * Scores ∂ℓ/∂f at labels drawn from the law that a network's outputs f stand for, scaled so that their outer products
 * add up to the mean over the draws. Row after row takes its `draws` numbers from the stream, so that they do not depend on
 * how samples are cut into batches.
 *
 * @param outputs - f, `[rows, c]`; rows beyond `rows` get no score.
 * @param scores - Where to write, `[rows, s, c]` with s of {@link scoresPerRow}, zero before.
 */
export function drawScores(options: {
  readonly loss: Loss
  readonly outputs: Vector
  readonly rows: number
  /** c. */
  readonly count: number
  readonly draws: number
  readonly stream: RandomStream
  /** Rows just before one whose numbers are drawn and thrown away. */
  readonly skippedBefore: (row: number) => number
  readonly scores: Vector
}): void {
  const { loss, outputs, rows, count, draws, stream, scores } = options
  const width = scoresPerRow(loss, draws, count)
  const unused = new Float64Array(loss === 'squared-error' ? width * count : 0)
  const skipRow = (): void => {
    if (loss === 'squared-error') fillNormal(unused, stream)
    else for (let i = 0; i < draws; i += 1) stream.nextUniform()
  }
  for (let row = 0; row < rows; row += 1) {
    for (let left = options.skippedBefore(row); left > 0; left -= 1) skipRow()
    const target = (i: number): Vector => {
      const from = (row * width + i) * count
      return scores.subarray(from, from + count)
    }
    if (loss === 'squared-error') {
      const own = scores.subarray(row * width * count, (row + 1) * width * count)
      fillNormal(own, stream)
      const scale = 1 / Math.sqrt(draws)
      for (let i = 0; i < own.length; i += 1) own[i]! *= scale
      continue
    }
    const p = softmaxOf(outputs.subarray(row * count, (row + 1) * count))
    const labels = Array.from({ length: draws }, () => drawClass(p, stream.nextUniform()))
    if (draws <= count) {
      labels.forEach((label, i) => setScore(target(i), p, label, 1 / draws))
    } else {
      const times = new Float64Array(count)
      for (const label of labels) times[label]! += 1
      times.forEach((number, label) => setScore(target(label), p, label, number / draws))
    }
  }
}
