import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { InputError, silentLogger, type Logger } from '#base'
import { loadSamplesFile } from '#learn/datasets'
import { openLab, type DescribeExperiment, type Lab, type OpenLabOptions } from '#lab/api'
import { describeExperiment } from '#lab/experiments'
import type { ComputeRequest, RunStatus, RunSummary } from '#shared/schemas'

/** A compute process that counts in place of training; the spec's name steers it, e.g. `ms=5`. */
export const countingWorker = join(import.meta.dirname, '../../lab/jobs/counting-worker.ts')

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'saddle-hosts-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

/** The check of a machine that has only its processor. */
export function refuseGpus({ device }: ComputeRequest): Promise<void> {
  const isHere = device === 'auto' || device === 'cpu'
  return isHere
    ? Promise.resolve()
    : Promise.reject(new InputError('device', `there is no ${device} here; there is cpu`))
}

const resources = join(import.meta.dirname, '../../../../resources')

/** Describes in this process. */
export const describeHere: DescribeExperiment = (spec, seed) =>
  describeExperiment(spec, seed, resources)

/** A lab on a store of its own, disposed of after the test. */
export function openTestLab(
  options: {
    mode?: OpenLabOptions['mode']
    logger?: Logger
    folder?: string
  } = {},
): Lab {
  const lab = openLab({
    storeFolder: options.folder ?? temporaryFolder(),
    workerEntry: countingWorker,
    logger: options.logger ?? silentLogger,
    facts: { appVersion: '0.0.0-test', versions: { counting: '1' } },
    checkSamples: async ({ path }) => {
      await loadSamplesFile(path, { task: 'classification' })
    },
    describeExperiment: describeHere,
    checkCompute: refuseGpus,
    mode: options.mode ?? 'work',
  })
  onTestFinished(() => lab.dispose())
  return lab
}

/** A spec for the counting process: so many steps, a few milliseconds each. */
export const countingSpec = (steps: number, msPerStep = 0, extra: object = {}) => ({
  name: `ms=${msPerStep}`,
  train: { epochs: steps, evaluateEverySteps: 5, checkpointEverySteps: 10 },
  measure: [{ kind: 'trace' }],
  ...extra,
})

/** Resolves with a run when it has one of these statuses. */
export function untilStatus(lab: Lab, id: string, ...statuses: RunStatus[]): Promise<RunSummary> {
  return new Promise((resolve) => {
    const look = (run: RunSummary) => {
      if (run.id !== id || !statuses.includes(run.status)) return
      stop()
      resolve(run)
    }
    const stop = lab.subscribe((event, payload) => {
      if (event === 'runs.changed') look(payload as RunSummary)
    })
    void Promise.resolve(lab.handlers['runs.get']({ runId: id })).then(({ summary }) =>
      look(summary),
    )
  })
}
