import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { verifyBundle } from '#lab/store'
import { events } from '#shared/contract'
import { keptLogger, temporaryFolder, until } from '../store/fixtures.ts'
import { counting, killWorker, laboratory } from './laboratory.ts'

const codeFrom = async (work: () => unknown): Promise<string | null> => {
  try {
    await work()
    return null
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('a run', () => {
  test('goes from queued to finished, and everything it told is stored and passed on', async () => {
    await using lab = laboratory(temporaryFolder())
    const [id] = lab.start(counting('plain'))
    const summary = await lab.reaches(id!, 'finished')
    expect(summary).toMatchObject({ attempt: 1, modelLabel: 'mlp 64-2-10', error: null })
    expect(summary.progress).toMatchObject({ phase: 'done', done: 60, total: 60 })
    const detail = lab.store.getRun(id!)
    expect(detail.measurements.map(({ index }) => index)).toEqual([0, 1])
    expect(summary.topEigenvalue).toBe(
      detail.measurements.flatMap((m) => (m.kind === 'eigenpairs' ? m.top : []))[1]!.value,
    )
    const rows = lab.store.metrics.list(id!)
    expect(rows.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => 5 * (i + 1)))
    expect(summary.lastMetrics).toEqual(rows.at(-1))
    expect(detail.artifacts.filter(({ kind }) => kind === 'checkpoint').map((a) => a.step)).toEqual(
      [40, 60],
    )
    const folder = lab.store.runFolder(id!)
    const weights = detail.artifacts.filter(({ kind }) => kind === 'weights')
    expect(weights.map(({ step }) => step)).toEqual([15, 30, 45, 60])
    expect(detail.trainingEnd).toEqual({ step: 60, reason: 'epochs' })
    expect(readdirSync(folder).filter((name) => name.endsWith('.safetensors')).length).toBe(6)
    expect(existsSync(join(folder, 'worker.json'))).toBe(false)
    expect(await verifyBundle(folder)).toEqual([])

    for (const { event, payload } of lab.heard) events[event].parse(payload)
    const heardRows = lab.heard.flatMap((h) =>
      h.event === 'metrics.appended' ? h.payload.rows : [],
    )
    expect(heardRows).toEqual(rows)
    const statuses = lab.heard.flatMap((h) => (h.event === 'runs.changed' ? h.payload.status : []))
    expect([statuses[0], statuses.at(-1)]).toEqual(['queued', 'finished'])
  })

  test('tells progress at most about five times a second', async () => {
    await using lab = laboratory(temporaryFolder())
    const started = performance.now()
    const [id] = lab.start({ ...counting('ms=2', 400), measure: [] })
    await lab.reaches(id!, 'finished')
    const seconds = (performance.now() - started) / 1_000
    const changes = lab.heard.filter(({ event }) => event === 'runs.changed').length
    // Beside progress: queued, running, prepared, finished, and a flush at each of 20 checkpoints.
    expect(changes).toBeLessThan(5 * seconds + 5 + 20)
  })

  test('its process can be found while it runs, and only then', async () => {
    await using lab = laboratory(temporaryFolder())
    const [id] = lab.start(counting('hang-at=10'))
    const path = join(lab.store.runFolder(id!), 'worker.json')
    await until(() => existsSync(path))
    const { pid } = JSON.parse(readFileSync(path, 'utf8')) as { pid: number }
    expect(lab.supervisor.workerPid(id!)).toBe(pid)
    process.kill(pid, 'SIGKILL')
    await lab.reaches(id!, 'interrupted')
    expect(lab.supervisor.workerPid(id!)).toBeNull()
    expect(existsSync(path)).toBe(false)
  })

  test('waits for its turn, in order', async () => {
    await using lab = laboratory(temporaryFolder())
    const ids = lab.start({ ...counting('ms=1', 20), seeds: [0, 1, 2] })
    expect(ids.map((id) => lab.store.runs.get(id).status)).toEqual(['running', 'queued', 'queued'])
    await lab.reaches(ids[2]!, 'finished')
    const started = ids.map((id) => lab.store.runs.get(id).startedAt ?? '')
    expect(started).toEqual([...started].sort())
  })
})

describe('cancel', () => {
  test('takes a queued run off at once', async () => {
    await using lab = laboratory(temporaryFolder())
    const [first, second] = lab.start({ ...counting('hang-at=1'), seeds: [0, 1] })
    expect(await lab.supervisor.cancel(second!)).toMatchObject({ status: 'cancelled', attempt: 0 })
    expect(lab.store.queue.list().map(({ runId }) => runId)).toEqual([first])
    await killWorker(lab, first!)
  })

  test('stops a running run after a checkpoint, and it can go on from there', async () => {
    await using lab = laboratory(temporaryFolder())
    const [id] = lab.start(counting('ms=3', 400))
    await until(() => lab.store.metrics.list(id!).length > 2)
    expect(await lab.supervisor.cancel(id!)).toMatchObject({ status: 'cancelled', error: null })
    const [checkpoint] = lab.store.artifacts.checkpoints(id!)
    expect(checkpoint!.step).toBeGreaterThanOrEqual(lab.store.metrics.last(id!)!.step)
    expect(await verifyBundle(lab.store.runFolder(id!))).toEqual([])
    expect(lab.supervisor.resume(id!).status).toBe('running')
    expect(await lab.reaches(id!, 'finished')).toMatchObject({ attempt: 2 })
  })

  test('just after the start stops it too', async () => {
    await using lab = laboratory(temporaryFolder())
    const [id] = lab.start(counting('ms=3', 400))
    expect(lab.store.runs.get(id!).status).toBe('running')
    expect((await lab.supervisor.cancel(id!)).status).toBe('cancelled')
  })

  test('kills a process that does not stop in time', async () => {
    await using lab = laboratory(temporaryFolder(), { stopGraceMs: 300 })
    const [id] = lab.start(counting('spin-at=7'))
    await until(() => lab.store.metrics.list(id!).length > 0)
    expect((await lab.supervisor.cancel(id!)).status).toBe('cancelled')
  })

  test('of an ended or unknown run is refused', async () => {
    await using lab = laboratory(temporaryFolder())
    const [id] = lab.start(counting('plain', 5))
    await lab.reaches(id!, 'finished')
    expect(await codeFrom(() => lab.supervisor.cancel(id!))).toBe('run-already-ended')
    expect(await codeFrom(() => lab.supervisor.cancel('nobody'))).toBe('run-not-found')
    expect(await codeFrom(() => lab.supervisor.resume(id!))).toBe('run-not-resumable')
    expect(await codeFrom(() => lab.supervisor.enqueue(id!))).toBe('run-not-resumable')
  })

  test('of an interrupted run makes it cancelled', async () => {
    await using lab = laboratory(temporaryFolder())
    const [id] = lab.start(counting('kill-at=10'))
    await lab.reaches(id!, 'interrupted')
    expect((await lab.supervisor.cancel(id!)).status).toBe('cancelled')
  })
})

describe('a run that goes wrong', () => {
  test('by a throw is failed with its message', async () => {
    await using lab = laboratory(temporaryFolder())
    const [id] = lab.start(counting('throw-at=12'))
    expect(await lab.reaches(id!, 'failed')).toMatchObject({
      error: { code: 'internal', message: 'the numbers ran out' },
    })
  })

  test('by a crash is interrupted with exit code and last words, and is not tried again', async () => {
    await using lab = laboratory(temporaryFolder())
    const [id] = lab.start(counting('crash-at=12'))
    expect((await lab.reaches(id!, 'interrupted')).error).toEqual({
      code: 'internal',
      message: 'the compute process ended with exit code 7: onnxruntime error: bad arena',
      detail: { code: 7, signal: null },
    })
    expect(lab.store.queue.list()).toEqual([])
  })

  test('by a malformed event is failed, and the process is gone', async () => {
    await using lab = laboratory(temporaryFolder())
    const [id] = lab.start(counting('nonsense=1 ms=50'))
    expect((await lab.reaches(id!, 'failed')).error).toMatchObject({
      message: 'the compute process sent a malformed event',
    })
    expect(lab.supervisor.workerPid(id!)).toBeNull()
  })

  test('because its script is missing is interrupted and says so', async () => {
    await using lab = laboratory(temporaryFolder(), { workerEntry: '/nowhere/worker.js' })
    const [id] = lab.start(counting('plain'))
    expect((await lab.reaches(id!, 'interrupted')).error?.message).toContain('Cannot find module')
  })

  test('does not disturb the next one, nor does a listener that throws', async () => {
    const logger = keptLogger()
    await using lab = laboratory(temporaryFolder(), {
      logger,
      onEvent: () => {
        throw new Error('deaf')
      },
    })
    const ids = lab.start({ ...counting('kill-at=3', 20), seeds: [0] })
    const next = lab.start(counting('plain', 20))
    await lab.reaches(ids[0]!, 'interrupted')
    await lab.reaches(next[0]!, 'finished')
    expect(logger.lines).toContain('a listener of runs.changed failed')
  })
})
