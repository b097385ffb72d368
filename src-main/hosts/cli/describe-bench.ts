import type { BenchReport, Comparison } from '#lab/bench'
import { formatDuration, formatNumber, formatTable } from './table.ts'

type Spread = NonNullable<Comparison['ratio']>

/** Three digits are more than a time repeats to. */
const number = (value: number): string => formatNumber(Number(value.toPrecision(3)))

const spread = ({ median, lower, upper }: Spread): string =>
  `${number(median)} (${number(lower)}–${number(upper)})`

/** A bench for people: median and quartiles, and what was left out. */
export function benchText(report: BenchReport): string {
  const rows = [
    ...report.workloads.flatMap(({ id, product, step }) => [
      ...rowsOf(`${id} product`, String(product.rows), product),
      ...rowsOf(`${id} step`, '–', step),
    ]),
    ...('skipped' in report.population
      ? []
      : rowsOf(
          `${report.population.workload} seeds`,
          String(report.population.runs),
          report.population,
        )),
    ...rowsOf('matrix product', '–', report.gemm),
  ]
  const head = ['work', 'whose', 'block', 'ms', 'ours / theirs']
  return [
    machineLine(report),
    'median (quartiles); a product’s time is that of one vector; a ratio below 1 means ours is faster',
    '',
    formatTable(head, rows),
    '',
    ...report.workloads.map(workloadLine),
    ...notesOf(report),
  ].join('\n')
}

function rowsOf(work: string, block: string, { ours, rivals, ratio }: Comparison): string[][] {
  return [
    [work, 'ours', block, spread(ours), ratio === null ? '' : `best: ${spread(ratio)}`],
    ...rivals.map((rival) => [
      '',
      rival.way,
      block === '–' ? block : String(rival.rows),
      spread(rival.time),
      spread(rival.ratio),
    ]),
  ]
}

function machineLine({ machine, versions, samples, elapsedMs }: BenchReport): string {
  const { peer } = versions
  const memory = (machine.memoryBytes / 2 ** 30).toFixed(1)
  return [
    `${machine.cpu}, ${machine.threads} threads, ${memory} GiB, ${machine.platform}`,
    `saddle ${versions.saddle}, ${versions.runtime} on ${versions.device}, node ${versions.node}`,
    peer === null ? 'no peer' : `PyTorch ${peer.torch} with ${peer.threads} threads`,
    `${samples} samples or fewer where slow, ${formatDuration(elapsedMs)}`,
  ].join(' · ')
}

function workloadLine(workload: BenchReport['workloads'][number]): string {
  const { id, title, parameterCount, agreement, product } = workload
  const blocks = product.blocks.map(({ rows, ms }) => `${rows}: ${number(ms)}`).join(', ')
  return [
    `${id} ${title}`,
    `${parameterCount} parameters`,
    `${number(product.gflops)} GFLOP/s, ${spread(product.peakShare)} of the matrix product’s`,
    `ms by block size ${blocks}`,
    ...(agreement === null
      ? []
      : [`sides agree to ${Math.max(...Object.values(agreement)).toExponential(0)}`]),
  ].join(' · ')
}

function notesOf({ machine, gemm, workloads, population, readiness }: BenchReport): string[] {
  const failures = workloads.flatMap(({ id, failures }) =>
    Object.entries(failures).map(([way, reason]) => `${id}: ${way} does not work: ${reason}`),
  )
  return [
    `matrix product of ${gemm.extent}: ${number(gemm.gflops)} GFLOP/s`,
    'skipped' in readiness
      ? `session: not measured: ${readiness.skipped}`
      : `session of ${readiness.workload} in blocks of ${readiness.rows}: traced in ${formatDuration(readiness.traceMs)}, ` +
        `loaded in ${formatDuration(readiness.compileMs)}; once more ${formatDuration(readiness.againMs)}, which created ${readiness.sessionsAgain} sessions`,
    ...('skipped' in population
      ? [`seeds in one program: not measured: ${population.skipped}`]
      : []),
    ...failures,
    ...(machine.loadBefore > machine.threads / 2
      ? [
          `note: the load before was ${machine.loadBefore.toFixed(1)} on ${machine.threads} threads: other work slowed what was timed`,
        ]
      : []),
  ]
}
