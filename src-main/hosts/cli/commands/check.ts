import type { CheckReport } from '#lab/experiments'
import type { AddCommand } from '../context.ts'
import { exitCode } from '../io.ts'
import { jsonOption } from '../options.ts'
import { formatDuration, formatNumber } from '../table.ts'

export const addCheck: AddCommand = (program, context) => {
  program
    .command('check')
    .description('compare this machine’s numbers with known answers')
    .addOption(jsonOption())
    .action(async (options: { readonly json?: true }) => {
      const runChecks = await context.services.checks()
      const reports = await runChecks({
        onResult(report) {
          if (options.json) context.notice(lineOf(report))
          else context.print(lineOf(report))
        },
      })
      const failed = reports.filter(({ passed }) => !passed).length
      if (options.json) context.printJson({ passed: failed === 0, checks: reports })
      else context.print(`${String(reports.length - failed)} of ${String(reports.length)} passed`)
      if (failed > 0) context.end(exitCode.failed)
    })
}

function lineOf(report: CheckReport): string {
  const list = (values: readonly number[]) => {
    const shown = values.slice(0, 4).map(formatNumber).join(', ')
    return values.length > 4 ? `${shown}, … (${String(values.length)} numbers)` : shown
  }
  return [
    report.passed ? 'passed' : 'FAILED',
    `${report.id}: ${report.title}`,
    `expected ${list(report.expected)}`,
    `got ${list(report.got)}`,
    `deviation ${formatNumber(report.deviation)} of ${formatNumber(report.tolerance)} ${report.kind}`,
    report.source,
    formatDuration(report.elapsedMs),
  ].join(' · ')
}
