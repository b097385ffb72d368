import type { CaseReport } from '#lab/bench'
import { formatDuration, formatNumber, formatTable } from './table.ts'

type Top10 = CaseReport['top10'][number]
type Density = NonNullable<CaseReport['density']>

const number = (value: number): string => formatNumber(Number(value.toPrecision(3)))

const spread = (
  { median, lower, upper }: { median: number; lower: number; upper: number },
  unit = 1,
): string => `${number(median / unit)} (${number(lower / unit)}–${number(upper / unit)})`

/** Cases for people: who is right, in what time, and what was left out. */
export function casesText(report: CaseReport): string {
  const { machine, versions, seed, rounds, elapsedMs } = report
  const { peer } = versions
  const libraries = Object.entries(peer?.libraries ?? {})
    .map(([name, version]) => `${name} ${version ?? 'not installed'}`)
    .join(', ')
  return [
    [
      `${machine.cpu}, ${machine.threads} threads, load before ${machine.loadBefore.toFixed(1)}`,
      `saddle ${versions.saddle}, ${versions.runtime} on ${versions.device}, node ${versions.node}`,
      peer === null
        ? 'no peer'
        : `PyTorch ${peer.torch} with ${peer.threads} threads, ${libraries}`,
      `seed ${seed}, ${rounds} rounds, ${formatDuration(elapsedMs)}`,
    ].join(' · '),
    ...report.top10.map(top10Text),
    ...(report.density === null ? [] : [densityText(report.density)]),
  ].join('\n\n')
}

function top10Text({ id, title, tolerance, reference, searches, ...rest }: Top10): string {
  const rows = searches.map((search) => [
    search.name,
    search.settings,
    spread(search.time, 1e3),
    String(search.time.samples.length),
    String(search.products),
    Math.max(...search.residuals).toExponential(1),
    String(search.misses.length),
    search.isRight ? 'yes' : 'no',
  ])
  const { training, parameterCount, best, ours, skipped } = rest
  const head = ['whose', 'settings', 's', 'runs', 'products', 'residual', 'missed', 'right']
  return [
    `top10, ${id}: ${title}, ${parameterCount} parameters, ${training.steps} steps of ${training.learningRate}, ` +
      `residual of ${tolerance} of the largest |λ|`,
    formatTable(head, rows),
    `true values by ${reference.products} products` +
      (reference.crossCheck === null
        ? ', not checked by another library'
        : `, another library's within ${reference.crossCheck.toExponential(1)} of the largest`) +
      (reference.isTrusted ? '' : ': not to be relied on'),
    best === null
      ? 'no peer is right'
      : `ours / best right peer (${best.name}): ${spread(best.ratio)}; without our search for multiples ${spread(best.ratioAlike)}`,
    `ours: products took ${number(100 * ours.productShare)} % of the time` +
      (ours.note === '' ? '' : `; ${ours.note}`),
    ...skippedLines(skipped),
  ].join('\n')
}

function densityText({ title, parameterCount, estimates, ...rest }: Density): string {
  const rows = estimates.map(({ name, settings, time, products, distance }) => [
    name,
    settings,
    spread(time, 1e3),
    String(products),
    spread(distance),
  ])
  const { training, crossCheck, seeds, best, skipped } = rest
  return [
    `density: ${title}, ${parameterCount} parameters, ${training.steps} steps of ${training.learningRate}, ${seeds.length} seeds`,
    formatTable(['whose', 'settings', 's', 'products', 'Wasserstein-1 distance'], rows),
    crossCheck === null
      ? 'exact spectrum not checked by another library'
      : `exact spectra of both sides agree to ${crossCheck.toExponential(1)} of the largest |λ|`,
    `deflated / nearest plain (${best.name}): distance ${number(best.distance)}, products ${number(best.products)}`,
    ...skippedLines(skipped),
  ].join('\n')
}

const skippedLines = (skipped: Top10['skipped']): string[] =>
  skipped.map(({ name, reason }) => `skipped: ${name}: ${reason}`)
