import { lineLogger, monotonicMs } from '#base'
import type { Lab } from '#lab/api'
import { checkTrace } from '#lab/experiments'
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
    } else {
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
 * @returns The exit code: 0 if every figure is met.
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
  const figures = [...runFigures(await lab.handlers['runs.get']({ runId })), await traceFigure()]
  const report = await lab.handlers['reports.create']({ runId })
  const seconds = (monotonicMs() - started) / 1000
  figures.push({
    title: 'time',
    value: `${seconds.toFixed(1)} s`,
    wanted: '≤ 60 s',
    isMet: seconds <= 60,
  })
  say('')
  for (const { title, value, wanted, isMet } of figures) {
    say(`${isMet ? '✓' : '✗'} ${title}: ${value} (${wanted})`)
  }
  say('')
  say(`Report: ${lab.findArtifact(report.id).path}`)
  say('See it live: npm run serve')
  return figures.every(({ isMet }) => isMet) ? 0 : 1
}
