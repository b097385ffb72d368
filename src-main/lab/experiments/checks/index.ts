import { runCheck, type CheckReport } from './check.ts'
import { curvatureChecks } from './curvature-checks.ts'
import { estimatorChecks } from './estimator-checks.ts'
import { networkChecks } from './network-checks.ts'
import { randomMatrixChecks } from './random-matrix-checks.ts'
import { spectralChecks } from './spectral-checks.ts'
import { theoryChecks } from './theory-checks.ts'

export type { CheckReport } from './check.ts'

/** Every known-answer check, in the order they are run. */
export const knownAnswerChecks = [
  ...networkChecks,
  ...curvatureChecks,
  ...spectralChecks,
  ...estimatorChecks,
  ...theoryChecks,
  ...randomMatrixChecks,
]

/**
 * Runs all known-answer checks on this machine.
 *
 * @param options.onResult - Called after each.
 */
export async function runChecks(options: {
  readonly onResult?: (report: CheckReport) => void
}): Promise<CheckReport[]> {
  const reports: CheckReport[] = []
  for (const check of knownAnswerChecks) {
    const report = await runCheck(check)
    reports.push(report)
    options.onResult?.(report)
  }
  return reports
}
