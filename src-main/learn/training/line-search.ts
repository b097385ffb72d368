/** A function along a line, at one step: φ(t) = f(x + t·p). */
export interface LinePoint {
  readonly step: number
  readonly value: number
  /** φ′(t) = ⟨∇f(x + t·p), p⟩. */
  readonly slope: number
}

/** When a step is taken, and how long it is looked for. */
export interface LineSearchOptions {
  /** The first step tried, > 0. */
  readonly firstStep: number
  /** c₁ in 0…c₂: φ(t) ≤ φ(0) + c₁·t·φ′(0). @default 1e-4 */
  readonly decrease?: number
  /** c₂ in c₁…1: |φ′(t)| ≤ c₂·|φ′(0)|. @default 0.9 */
  readonly curvature?: number
  /** Evaluations of φ allowed, 1 or more. @default 25 */
  readonly maxEvaluations?: number
  /** Length of an interval of steps that is not divided further. @default 0 */
  readonly smallestInterval?: number
  /**
   * By how much two values may differ from rounding alone, ≥ 0: within it slopes decide, as values say nothing.
   *
   * @default 0
   */
  readonly valueNoise?: number
}

/**
 * How a search ended:
 *
 * - `found`: both conditions of Wolfe hold
 * - `interval-too-small`: what is left is shorter than the limit; a lower point may still have been found
 * - `evaluations-used-up`: allow more evaluations, or try a better first step
 */
export type LineSearchStatus = 'found' | 'interval-too-small' | 'evaluations-used-up'

/** What a search found. */
export interface LineSearchResult {
  readonly status: LineSearchStatus
  /** The best point, that of step 0 if no lower one was found. */
  readonly point: LinePoint
  readonly evaluations: number
}

/** Ends of an interval that holds a step to be taken; `low` is the lowest point so far that is low enough for its step. */
interface Bracket {
  readonly low: LinePoint
  readonly high: LinePoint
}

type Phase = { readonly found: LinePoint } | { readonly bracket: Bracket }

/**
 * Looks along a line for a step that satisfies the strong conditions of Wolfe.
 *
 * First steps grow (at most tenfold) until an interval is known to hold such a step; then the interval is divided at
 * the minimum of the cubic through its ends, kept a tenth away from them after a division that gained little. A value
 * that is not a finite number counts as too large. Deterministic; at most `maxEvaluations` evaluations.
 *
 * @param phi - Evaluates the function along the line.
 * @param start - φ at step 0, with a slope < 0.
 * @see Nocedal and Wright, Numerical Optimization (2006), algorithms 3.5 and 3.6; the safeguards are those of
 *   Schmidt's minFunc, which `torch.optim.LBFGS` has too
 */
export async function searchLine(
  phi: (step: number) => LinePoint | Promise<LinePoint>,
  start: LinePoint,
  options: LineSearchOptions,
): Promise<LineSearchResult> {
  const search = new Search(phi, start, options)
  const phase = await search.findBracket()
  if ('found' in phase) return search.end('found', phase.found)
  return search.divide(phase.bracket)
}

const isFinitePoint = ({ value, slope }: LinePoint): boolean =>
  Number.isFinite(value) && Number.isFinite(slope)

class Search {
  readonly #phi: (step: number) => LinePoint | Promise<LinePoint>
  readonly #start: LinePoint
  readonly #firstStep: number
  readonly #decrease: number
  readonly #curvature: number
  readonly #maxEvaluations: number
  readonly #smallestInterval: number
  readonly #noise: number
  #evaluations = 0

  constructor(
    phi: (step: number) => LinePoint | Promise<LinePoint>,
    start: LinePoint,
    options: LineSearchOptions,
  ) {
    this.#phi = phi
    this.#start = start
    this.#firstStep = options.firstStep
    this.#decrease = options.decrease ?? 1e-4
    this.#curvature = options.curvature ?? 0.9
    this.#maxEvaluations = options.maxEvaluations ?? 25
    this.#smallestInterval = options.smallestInterval ?? 0
    this.#noise = options.valueNoise ?? 0
  }

  end(status: LineSearchStatus, point: LinePoint): LineSearchResult {
    return { status, point, evaluations: this.#evaluations }
  }

  async #evaluate(step: number): Promise<LinePoint> {
    this.#evaluations += 1
    return this.#phi(step)
  }

  #isTooHigh(point: LinePoint): boolean {
    const { value: atStart, slope: downhill } = this.#start
    const bound = atStart + this.#decrease * point.step * downhill + this.#noise
    return !isFinitePoint(point) || point.value > bound
  }

  #isFlat = ({ slope }: LinePoint): boolean =>
    Math.abs(slope) <= -this.#curvature * this.#start.slope

  /** Not below another point by more than noise. */
  #isNotLower = (point: LinePoint, other: LinePoint): boolean =>
    this.#noise > 0 ? point.value > other.value + this.#noise : point.value >= other.value

  async findBracket(): Promise<Phase> {
    let previous = this.#start
    let point = await this.#evaluate(this.#firstStep)
    for (let trial = 0; ; trial += 1) {
      if (this.#isTooHigh(point) || (trial > 0 && this.#isNotLower(point, previous))) {
        return { bracket: { low: previous, high: point } }
      }
      if (this.#isFlat(point)) return { found: point }
      if (point.slope >= 0) return { bracket: { low: point, high: previous } }
      if (this.#evaluations >= this.#maxEvaluations) {
        return { bracket: { low: point, high: previous } }
      }
      const least = point.step + 0.01 * (point.step - previous.step)
      const grown = this.#interpolate(previous, point, least, 10 * point.step)
      previous = point
      point = await this.#evaluate(grown)
    }
  }

  async divide(bracket: Bracket): Promise<LineSearchResult> {
    let { low, high } = bracket
    let hasGainedLittle = false
    while (this.#evaluations < this.#maxEvaluations) {
      const [left, right] = low.step <= high.step ? [low.step, high.step] : [high.step, low.step]
      if (right - left <= this.#smallestInterval) return this.end('interval-too-small', low)
      let step = this.#interpolate(low, high, left, right)
      const margin = 0.1 * (right - left)
      if (Math.min(right - step, step - left) < margin) {
        if (hasGainedLittle || step >= right || step <= left) {
          step = right - step < step - left ? right - margin : left + margin
          hasGainedLittle = false
        } else hasGainedLittle = true
      } else hasGainedLittle = false

      const point = await this.#evaluate(step)
      if (this.#isTooHigh(point) || this.#isNotLower(point, low)) {
        high = point
        continue
      }
      if (this.#isFlat(point)) return this.end('found', point)
      if (point.slope * (high.step - low.step) >= 0) high = low
      low = point
    }
    return this.end('evaluations-used-up', low)
  }

  /**
   * Where the cubic with the values and slopes of two points is smallest between bounds; by slopes alone where the
   * values are noise.
   */
  #interpolate(a: LinePoint, b: LinePoint, least: number, most: number): number {
    const [first, last] = a.step <= b.step ? [a, b] : [b, a]
    const width = last.step - first.step
    if (Math.abs(first.value - last.value) <= this.#noise && first.slope * last.slope < 0) {
      return first.step + (width * first.slope) / (first.slope - last.slope)
    }
    const bend = first.slope + last.slope - (3 * (last.value - first.value)) / width
    const root = Math.sqrt(bend * bend - first.slope * last.slope)
    const step =
      last.step - (width * (last.slope + root - bend)) / (last.slope - first.slope + 2 * root)
    return Number.isFinite(step) ? Math.min(Math.max(step, least), most) : (least + most) / 2
  }
}
