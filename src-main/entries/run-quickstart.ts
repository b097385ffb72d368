import { lineLogger, monotonicMs } from '#base'
import type { Lab } from '#lab/api'
import { checkPrecision, checkTrace, runChecks, timeProducts } from '#lab/experiments'
import type { ExperimentInput, RunDetail, RunSummary } from '#shared/schemas'
import { openLocalLab } from './open-local-lab.ts'
import { defaultStoreFolder } from './store-folder.ts'

const spec: ExperimentInput = {
  name: 'Quickstart: digits',
  model: { hidden: [32, 32], activation: 'tanh' },
  data: { kind: 'digits' },
  train: { epochs: 40, optimizer: { kind: 'adam', learningRate: 0.003 } },
  measure: [{ kind: 'eigenpairs', top: 10, bottom: 3 }, { kind: 'trace' }, { kind: 'density' }],
  seeds: [0],
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

/** One figure of the summary: what it is, what it must be, and whether it is. */
interface Figure {
  readonly title: string
  readonly value: string
  readonly wanted: string
  readonly isMet: boolean
  /** Depends on what else the machine does; shown, but no reason to fail. */
  readonly isTime?: true
}

function runFigures(detail: RunDetail): Figure[] {
  const accuracy = detail.summary.lastMetrics?.validationAccuracy ?? 0
  const figures: Figure[] = [
    {
      title: 'validation accuracy',
      value: accuracy.toFixed(4),
      wanted: '≥ 0.95',
      isMet: accuracy >= 0.95,
    },
  ]
  for (const document of detail.measurements) {
    if (document.kind === 'eigenpairs') {
      const largest = document.top[0]?.value ?? NaN
      const worst = Math.max(...document.top.map(({ residual }) => residual)) / largest
      figures.push({
        title: `${document.top.length} largest eigenvalues, λmax = ${largest.toFixed(4)}; largest residual`,
        value: `${worst.toExponential(1)}·λmax`,
        wanted: '≤ 1e-3·λmax',
        isMet: document.status === 'converged' && worst <= 1e-3,
      })
    } else if (document.kind === 'trace') {
      figures.push({
        title: 'tr H',
        value: `${document.value.toFixed(2)} ± ${document.standardError.toFixed(2)}`,
        wanted: 'standard error shown',
        isMet: document.standardError > 0,
      })
    } else if (document.kind === 'density') {
      const deviation = Math.abs(document.weightSum - 1)
      figures.push({
        title: 'sum of quadrature weights − 1',
        value: deviation.toExponential(1),
        wanted: '≤ 1e-6',
        isMet: deviation <= 1e-6,
      })
    }
  }
  return figures
}

async function traceFigure(): Promise<Figure> {
  const { parameterCount, exact, estimate, standardError } = await checkTrace(0)
  const distance = Math.abs(estimate - exact) / standardError
  return {
    title: `tr H of a ${parameterCount}-parameter network: ${estimate.toFixed(3)} ± ${standardError.toFixed(3)}, exactly ${exact.toFixed(3)}; distance`,
    value: `${distance.toFixed(2)} s.e.`,
    wanted: '≤ 3 s.e.',
    isMet: distance <= 3,
  }
}

async function checksFigure(): Promise<Figure> {
  const started = monotonicMs()
  const reports = await runChecks({})
  const seconds = (monotonicMs() - started) / 1000
  const passed = reports.filter((report) => report.passed).length
  return {
    title: 'computations whose answers are known',
    value: `${passed} of ${reports.length} right in ${seconds.toFixed(1)} s`,
    wanted: 'all of 20 or more',
    isMet: passed === reports.length && reports.length >= 20,
  }
}

async function precisionFigure(): Promise<Figure> {
  const { loss, gradient, product, eigenvalues } = await checkPrecision(0)
  const deviations = [loss, gradient, product, eigenvalues]
  const worst = Math.max(...deviations)
  return {
    title: 'float32 against the float64 reference (loss, gradient, product, eigenvalues)',
    value: deviations.map((deviation) => deviation.toExponential(1)).join(', '),
    wanted: '≤ 1e-5 relative',
    isMet: worst <= 1e-5,
  }
}

async function productFigure(): Promise<Figure> {
  const { parameterCount, ratios } = await timeProducts({
    widths: [784, 512, 512, 10],
    batchSize: 1024,
    rows: 8,
    pairs: 7,
  })
  const sorted = ratios.toSorted((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)] ?? NaN
  return {
    title: `time of a Hessian-vector product in blocks of 8 over that of the gradient, ${parameterCount} parameters`,
    value: `${median.toFixed(2)} (${(sorted[0] ?? NaN).toFixed(2)}–${(sorted.at(-1) ?? NaN).toFixed(2)})`,
    wanted: '≤ 1.9',
    isMet: median <= 1.9,
    isTime: true,
  }
}

/** Resolves when the run has left the queue and its process has ended. */
function untilEnded(lab: Lab, runId: string): Promise<RunSummary> {
  return new Promise((resolve) => {
    let lastLabel = ''
    const stop = lab.subscribe((event, payload) => {
      if (event !== 'runs.changed') return
      const summary = payload as RunSummary
      if (summary.id !== runId) return
      if (summary.progress.label !== lastLabel) {
        lastLabel = summary.progress.label
        say(`  ${lastLabel}`)
      }
      if (summary.status === 'queued' || summary.status === 'running') return
      stop()
      resolve(summary)
    })
  })
}

/**
 * Trains a network on handwritten digits, measures its Hessian and says what came out: the whole house in
 * one command.
 *
 * @returns The exit code: 0 if every figure but the times is met.
 */
export async function quickstart(): Promise<number> {
  const started = monotonicMs()
  const logger = lineLogger((line) => process.stderr.write(`${line}\n`))
  await using lab = openLocalLab(defaultStoreFolder(process.env), 'work-new', logger)
  say('Training a network on 1,797 handwritten digits, then measuring the Hessian of its loss.')
  const { runs } = await lab.handlers['runs.create']({ spec })
  const runId = runs[0]?.id ?? ''
  const summary = await untilEnded(lab, runId)
  if (summary.status !== 'finished') {
    say(`The run ended as ${summary.status}: ${summary.error?.message ?? 'no reason given'}`)
    return 1
  }
  const figures = runFigures(await lab.handlers['runs.get']({ runId }))
  const report = await lab.handlers['reports.create']({ runId })
  const seconds = (monotonicMs() - started) / 1000
  figures.push({
    title: 'time, from start to report',
    value: `${seconds.toFixed(1)} s`,
    wanted: '≤ 60 s',
    isMet: seconds <= 60,
    isTime: true,
  })
  say('  checking this machine')
  figures.push(
    await traceFigure(),
    await precisionFigure(),
    await checksFigure(),
    await productFigure(),
  )
  say('')
  for (const { title, value, wanted, isMet } of figures) {
    say(`${isMet ? '✓' : '✗'} ${title}: ${value} (${wanted})`)
  }
  say('')
  say(`Report: ${lab.findArtifact(report.id).path}`)
  say('See it live: npm run serve')
  return figures.every(({ isMet, isTime }) => isMet || isTime === true) ? 0 : 1
}
