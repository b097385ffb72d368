/** Milliseconds of a clock that never goes back; for durations. */
export const monotonicMs = (): number => performance.now()

/** Milliseconds since 1970; for leases that outlive a process. */
export const wallMs = (): number => Date.now()

/** The present in ISO 8601, UTC; for records. */
export const isoNow = (): string => new Date().toISOString()
