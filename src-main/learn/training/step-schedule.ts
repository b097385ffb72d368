/** Steps at which something is kept. */
export type StepSchedule =
  | { readonly kind: 'none' }
  /** Every so many steps. */
  | { readonly kind: 'linear'; readonly everySteps: number }
  /** Before the first step, and at round(10^(k/perDecade)), k = 0, 1, …: equal distances on a logarithmic axis. */
  | { readonly kind: 'log'; readonly perDecade: number }

/** Whether a step belongs to a schedule; step 0 is the start. */
export function isScheduled(schedule: StepSchedule, step: number): boolean {
  switch (schedule.kind) {
    case 'none':
      return false
    case 'linear':
      return step % schedule.everySteps === 0
    case 'log': {
      if (step === 0) return true
      const k = Math.round(schedule.perDecade * Math.log10(step))
      // Rounding moves a step by less than half, so its k is at most one away.
      return [k - 1, k, k + 1].some((each) => {
        const exact = 10 ** (each / schedule.perDecade)
        return each >= 0 && Math.round(exact) === step
      })
    }
  }
}
