import { monotonicMs } from '#base'

/** What a check found. */
export interface CheckOutcome {
  /** The known answer. */
  readonly expected: readonly number[]
  readonly got: readonly number[]
  /** Largest deviation allowed. */
  readonly tolerance: number
  /** Relative to each expected number, or absolute. */
  readonly kind: 'absolute' | 'relative'
}

/** A computation whose answer is known by other means. */
export interface KnownAnswerCheck {
  readonly id: string
  readonly title: string
  /** Where the answer comes from. */
  readonly source: string
  run(): Promise<CheckOutcome> | CheckOutcome
}

/** A check that has been run. */
export interface CheckReport extends CheckOutcome {
  readonly id: string
  readonly title: string
  readonly source: string
  readonly passed: boolean
  /** Largest deviation found, in the check's kind. */
  readonly deviation: number
  readonly elapsedMs: number
}

/** Largest deviation of an outcome; ∞ if the numbers differ in count or are not finite. */
export function deviationOf({ expected, got, kind }: CheckOutcome): number {
  if (expected.length !== got.length) return Infinity
  return expected.reduce((worst, value, i) => {
    const difference = Math.abs(got[i]! - value)
    const deviation = kind === 'relative' ? difference / Math.abs(value) : difference
    return Number.isNaN(deviation) ? Infinity : Math.max(worst, deviation)
  }, 0)
}

/** Runs one check. A check that throws has failed; its message stands in the title. */
export async function runCheck(check: KnownAnswerCheck): Promise<CheckReport> {
  const started = monotonicMs()
  const { id, title, source } = check
  try {
    const outcome = await check.run()
    const deviation = deviationOf(outcome)
    const passed = deviation <= outcome.tolerance
    return { id, title, source, ...outcome, deviation, passed, elapsedMs: monotonicMs() - started }
  } catch (error) {
    return {
      id,
      title: `${title}: ${error instanceof Error ? error.message : String(error)}`,
      source,
      expected: [],
      got: [],
      tolerance: 0,
      kind: 'absolute',
      deviation: Infinity,
      passed: false,
      elapsedMs: monotonicMs() - started,
    }
  }
}
