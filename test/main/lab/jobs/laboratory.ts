import { join } from 'node:path'
import { silentLogger, type Logger } from '#base'
import { createSupervisor, type Supervisor, type SupervisorOptions } from '#lab/jobs'
import { openStore, type Store } from '#lab/store'
import type { EventName, Events } from '#shared/contract'
import type { ExperimentInput, RunStatus, RunSummary } from '#shared/schemas'
import { specOf, until } from '../store/fixtures.ts'

/** The script of a compute process that counts. */
const workerEntry = join(import.meta.dirname, 'counting-worker.ts')

/** An event as it was heard. */
export type HeardEvent = { [E in EventName]: { event: E; payload: Events[E] } }[EventName]

/** A store with a supervisor that works on it. */
export interface Laboratory {
  readonly store: Store
  readonly supervisor: Supervisor
  readonly heard: HeardEvent[]
  /** Creates and queues runs. */
  start(input: ExperimentInput): string[]
  /** Waits until a run has a status. */
  reaches(runId: string, ...statuses: RunStatus[]): Promise<RunSummary>
  [Symbol.asyncDispose](): Promise<void>
}

/** Opens a laboratory in a folder. */
export function laboratory(
  folder: string,
  options: Partial<SupervisorOptions> & { logger?: Logger } = {},
): Laboratory {
  const store = openStore(folder, { logger: silentLogger })
  const heard: HeardEvent[] = []
  const supervisor = createSupervisor({
    store,
    workerEntry,
    logger: silentLogger,
    onEvent: (event, payload) => void heard.push({ event, payload } as HeardEvent),
    ...options,
  })
  return {
    store,
    supervisor,
    heard,
    start: (input) => store.createRuns([specOf(input)]).map(({ id }) => supervisor.enqueue(id).id),
    async reaches(runId, ...statuses) {
      let status: RunStatus = 'queued'
      await until(() => {
        status = store.runs.get(runId).status
        return statuses.includes(status)
      }).catch((error: unknown) => {
        const told = JSON.stringify(store.runs.get(runId).error)
        throw new Error(`run stays ${status} instead of ${statuses.join(', ')}: ${told}`, {
          cause: error,
        })
      })
      return store.runs.get(runId)
    },
    async [Symbol.asyncDispose]() {
      await supervisor.dispose()
      store.close()
    },
  }
}

/** A spec of 60 steps with rows every 5 and checkpoints every 20 of them, and two measurements. */
export const counting = (name: string, steps = 60): ExperimentInput => ({
  name,
  train: { epochs: steps, evaluateEverySteps: 5, checkpointEverySteps: 20 },
  measure: [{ kind: 'eigenpairs' }, { kind: 'eigenpairs' }],
})

/** Waits for a run's compute process and kills it. */
export async function killWorker(lab: Laboratory, runId: string): Promise<void> {
  await until(() => lab.supervisor.workerPid(runId) !== null)
  const pid = lab.supervisor.workerPid(runId)
  if (pid === null || pid <= 1) throw new Error(`run ${runId} has no process`)
  process.kill(pid, 'SIGKILL')
}
