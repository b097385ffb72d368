import { fork } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { silentLogger } from '#base'
import { openStore, verifyBundle, type Store } from '#lab/store'
import type { MetricRow } from '#shared/schemas'
import {
  fillDisk,
  keptLogger,
  specOf,
  temporaryFolder,
  diskTest,
  tinyDisk,
  until,
} from '../store/fixtures.ts'
import { counting, laboratory, type HeardEvent } from './laboratory.ts'

/** All numbers that a run produced. */
function numbersOf(store: Store, runId: string): unknown {
  const { measurements, artifacts, trainingEnd } = store.getRun(runId)
  const files = artifacts.filter(({ kind }) => kind === 'checkpoint' || kind === 'weights')
  return {
    rows: store.metrics.list(runId),
    measurements,
    files: files.map(({ fileName, sha256 }) => [fileName, sha256]).sort(),
    trainingEnd,
  }
}

const known = new Map<number, Promise<unknown>>()

/** The numbers of a run that nothing happens to; counted once. */
function undisturbed(steps = 60): Promise<unknown> {
  const numbers = known.get(steps) ?? countUndisturbed(steps)
  known.set(steps, numbers)
  return numbers
}

async function countUndisturbed(steps: number): Promise<unknown> {
  await using lab = laboratory(temporaryFolder())
  const [id] = lab.start(counting('plain', steps))
  await lab.reaches(id!, 'finished')
  return numbersOf(lab.store, id!)
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    // A child that nobody waits for stays as a zombie in some containers; that is dead enough.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))
  } catch {
    return false
  }
}

describe('kill -9 of a compute process', () => {
  test.each([
    'kill-at=0',
    'kill-at=3',
    'kill-at=20',
    'kill-at=37',
    'kill-unregistered-at=20',
    'kill-unregistered-at=40',
    'kill-unregistered-weights-at=30',
    'kill-measuring=0',
    'kill-measuring=1',
  ])('%s interrupts the run, and a resume gives bit-equal numbers', async (trouble) => {
    await using lab = laboratory(temporaryFolder())
    const [id] = lab.start(counting(trouble))
    const { error } = await lab.reaches(id!, 'interrupted')
    expect(error?.message).toBe('the compute process was ended by SIGKILL')
    expect(await verifyBundle(lab.store.runFolder(id!))).toEqual([])
    lab.supervisor.resume(id!)
    expect(await lab.reaches(id!, 'finished')).toMatchObject({ attempt: 2, error: null })
    expect(numbersOf(lab.store, id!)).toEqual(await undisturbed())
    expect(await verifyBundle(lab.store.runFolder(id!))).toEqual([])
  })

  test('at any moment, again and again, changes no number', async () => {
    await using lab = laboratory(temporaryFolder())
    const [id] = lab.start(counting('ms=2', 120))
    for (const waitMs of [10, 90, 130, 170, 210]) {
      await until(() => lab.supervisor.workerPid(id!) !== null)
      await new Promise((resolve) => setTimeout(resolve, waitMs))
      const pid = lab.supervisor.workerPid(id!)
      if (pid === null) break
      process.kill(pid, 'SIGKILL')
      if ((await lab.reaches(id!, 'interrupted', 'finished')).status === 'finished') break
      lab.supervisor.resume(id!)
    }
    await lab.reaches(id!, 'finished')
    expect(numbersOf(lab.store, id!)).toEqual(await undisturbed(120))
  })
})

describe('weights', () => {
  const weightsIn = (folder: string) =>
    readdirSync(folder).filter((name) => name.startsWith('weights-'))

  test('after the checkpoint of a resume give way to new ones, and those before it stay', async () => {
    await using lab = laboratory(temporaryFolder())
    const [id] = lab.start(counting('kill-at=57 other-weights=1'))
    await lab.reaches(id!, 'interrupted')
    const registered = () => lab.store.artifacts.list(id!).filter(({ kind }) => kind === 'weights')
    const before = registered()
    expect(before.map(({ step }) => step)).toEqual([15, 30, 45])
    lab.supervisor.resume(id!)
    await lab.reaches(id!, 'finished')
    const after = registered()
    expect(after.map(({ step }) => step)).toEqual([15, 30, 45, 60])
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2))
    expect(after[2]!.sha256).not.toBe(before[2]!.sha256)
    expect(weightsIn(lab.store.runFolder(id!))).toEqual(after.map(({ fileName }) => fileName))
    expect(await verifyBundle(lab.store.runFolder(id!))).toEqual([])
  })

  test('that no one registered before a resume are gone, and all of them for a new start', async () => {
    await using lab = laboratory(temporaryFolder())
    const [id] = lab.start(counting('kill-unregistered-weights-at=15 other-weights=1'))
    await lab.reaches(id!, 'interrupted')
    const [orphan] = weightsIn(lab.store.runFolder(id!))
    expect(orphan).toMatch(/^weights-000000015-[0-9a-f]{8}\.safetensors$/)
    expect(lab.store.getRun(id!).artifacts.map(({ kind }) => kind)).not.toContain('weights')
    lab.supervisor.resume(id!)
    await lab.reaches(id!, 'finished')
    expect(weightsIn(lab.store.runFolder(id!))).not.toContain(orphan)
    expect(numbersOf(lab.store, id!)).toEqual(await undisturbed())
  })
})

test('an end of training is forgotten while a resume trains again, and told anew', async () => {
  await using lab = laboratory(temporaryFolder())
  const [id] = lab.start(counting('kill-measuring=0 ms=10'))
  await lab.reaches(id!, 'interrupted')
  const end = { step: 60, reason: 'epochs' }
  const told = () => lab.store.getRun(id!).trainingEnd
  expect(told()).toEqual(end)
  lab.store.artifacts.remove(lab.store.artifacts.checkpoints(id!)[0]!.id)
  lab.supervisor.resume(id!)
  await until(() => told() === null)
  await lab.reaches(id!, 'finished')
  expect(told()).toEqual(end)
})

describe('kill -9 of the engine', () => {
  test.each([1, 5, 9])(
    'after %i batches of metrics: the next one recovers the run, and nothing acknowledged is lost',
    async (batches) => {
      const folder = temporaryFolder()
      const spec = { ...counting('ms=4', 240), seeds: [0, 1] }
      const engine = fork(
        join(import.meta.dirname, 'engine-process.ts'),
        [folder, JSON.stringify(spec)],
        { execArgv: [] },
      )
      const acknowledged: MetricRow[] = []
      let seen = 0
      engine.on('message', ({ event, payload }: HeardEvent) => {
        if (event !== 'metrics.appended') return
        acknowledged.push(...payload.rows)
        seen += 1
      })
      await until(() => seen >= batches)
      const exit = once(engine, 'exit')
      engine.kill('SIGKILL')
      await exit
      const runFolders = readdirSync(join(folder, 'runs')).map((id) => join(folder, 'runs', id))
      const orphan = runFolders
        .filter((path) => readdirSync(path).includes('worker.json'))
        .map(
          (path) => JSON.parse(readFileSync(join(path, 'worker.json'), 'utf8')) as { pid: number },
        )
      expect(orphan.length).toBe(1)

      const logger = keptLogger()
      await using lab = laboratory(folder, { logger })
      const runs = lab.store.runs.list({ limit: 10, offset: 0 }).runs.reverse()
      expect(runs.map(({ status }) => status)).toEqual(['running', 'queued'])
      expect(runs[0]!.attempt).toBe(2)
      expect(logger.lines.join('\n')).toContain('was running when its engine died; it goes on from')
      const stored = lab.store.metrics.list(runs[0]!.id)
      expect(stored).toEqual(expect.arrayContaining(acknowledged))
      await until(() => !isAlive(orphan[0]!.pid))
      await lab.reaches(runs[1]!.id, 'finished')
      expect(numbersOf(lab.store, runs[0]!.id)).toEqual(await undisturbed(240))
    },
  )

  test('without auto-resume the run stays interrupted and can be resumed', async () => {
    const folder = temporaryFolder()
    const first = openStore(folder, { logger: silentLogger })
    const { id } = first.createRuns([specOf(counting('plain'))])[0]!
    first.queue.add(id)
    first.queue.claim('a dead engine', 60_000)
    first.close()
    await using lab = laboratory(folder, { autoResume: false })
    expect(lab.store.runs.get(id)).toMatchObject({
      status: 'interrupted',
      error: { message: 'the engine ended while the run was going on' },
    })
    lab.supervisor.resume(id)
    await lab.reaches(id, 'finished')
  })

  test('between creation and queueing loses no run', async () => {
    const folder = temporaryFolder()
    const first = openStore(folder, { logger: silentLogger })
    const { id } = first.createRuns([specOf(counting('plain', 5))])[0]!
    first.close()
    await using lab = laboratory(folder)
    await lab.reaches(id, 'finished')
  })
})

describe('closing the engine', () => {
  test('checkpoints the run and leaves it interrupted; later it goes on bit-equal', async () => {
    const folder = temporaryFolder()
    let id: string
    {
      await using lab = laboratory(folder)
      id = lab.start(counting('ms=3', 120))[0]!
      await until(() => lab.store.metrics.list(id).length > 3)
    }
    await using lab = laboratory(folder)
    expect(lab.store.runs.get(id)).toMatchObject({ status: 'interrupted', error: null })
    const last = lab.store.metrics.last(id)!.step
    expect(lab.store.artifacts.checkpoints(id)[0]!.step).toBeGreaterThanOrEqual(last)
    lab.supervisor.resume(id)
    await lab.reaches(id, 'finished')
    const { rows } = (await undisturbed(120)) as { rows: unknown }
    expect(lab.store.metrics.list(id)).toEqual(rows)
  })
})

describe('a damaged checkpoint', () => {
  test('gives way to the one before it; if none is sound the run fails and names the file', async () => {
    const logger = keptLogger()
    await using lab = laboratory(temporaryFolder(), { logger })
    const [id] = lab.start(counting('kill-at=47'))
    await lab.reaches(id!, 'interrupted')
    const folder = lab.store.runFolder(id!)
    const [newest, older] = lab.store.artifacts.checkpoints(id!)
    expect([newest!.step, older!.step]).toEqual([40, 20])

    truncateSync(join(folder, newest!.fileName), 3)
    const handle = openSync(join(folder, older!.fileName), 'r+')
    const flip = (byte: number) => writeSync(handle, Uint8Array.of(byte), 0, 1, 9)
    const before = readFileSync(join(folder, older!.fileName))[9]!
    flip(before ^ 1)
    lab.supervisor.resume(id!)
    const failed = await lab.reaches(id!, 'failed')
    expect(failed.error).toMatchObject({ code: 'file-corrupt' })
    expect(failed.error?.message).toContain(`${newest!.fileName}: expected 16 bytes, found 3`)

    flip(before)
    closeSync(handle)
    lab.supervisor.resume(id!)
    await lab.reaches(id!, 'finished')
    expect(logger.lines.join('\n')).toContain('trying the checkpoint before it')
    expect(numbersOf(lab.store, id!)).toEqual(await undisturbed())
  })

  test('that is missing is told too', async () => {
    await using lab = laboratory(temporaryFolder())
    const [id] = lab.start(counting('kill-at=27'))
    await lab.reaches(id!, 'interrupted')
    const [only] = lab.store.artifacts.checkpoints(id!)
    rmSync(join(lab.store.runFolder(id!), only!.fileName))
    lab.supervisor.resume(id!)
    expect((await lab.reaches(id!, 'failed')).error?.code).toBe('file-not-found')
  })
})

describe('a full disk', () => {
  diskTest(
    'pauses the run naming the file, leaves no temporary file, and the run goes on with room',
    async () => {
      const folder = tinyDisk(8_192)
      await using lab = laboratory(folder)
      // Room for two checkpoints and the log of the store, not for three.
      const makeRoom = fillDisk(folder, 1_150_000)
      const [id] = lab.start(counting('pad=400000', 120))
      const paused = await lab.reaches(id!, 'paused')
      expect(paused.error).toMatchObject({ code: 'disk-full' })
      expect(paused.error?.message).toMatch(/^no space left to write .*checkpoint-\d{9}-/)
      const names = readdirSync(lab.store.runFolder(id!))
      expect(names.filter((name) => name.includes('partial'))).toEqual([])
      makeRoom()
      lab.supervisor.resume(id!)
      await lab.reaches(id!, 'finished')
      const { rows } = (await undisturbed(120)) as { rows: unknown }
      expect(lab.store.metrics.list(id!)).toEqual(rows)
    },
  )

  diskTest('for the database itself pauses the run as soon as that can be stored', async () => {
    const folder = tinyDisk(2_048)
    const logger = keptLogger()
    await using lab = laboratory(folder, { logger, heartbeatMs: 200 })
    const [id] = lab.start({ ...counting('ms=2', 4_000), measure: [] })
    await until(() => lab.store.metrics.list(id!).length > 0)
    const makeRoom = fillDisk(folder, 0)
    const isUnsettled = () => logger.lines.some((line) => line.includes('cannot be stored'))
    await until(() => isUnsettled() || lab.store.runs.get(id!).status === 'paused')
    makeRoom()
    expect((await lab.reaches(id!, 'paused')).error).toMatchObject({ code: 'disk-full' })
    expect(lab.supervisor.workerPid(id!)).toBeNull()
    expect(lab.supervisor.resume(id!).status).toBe('running')
  })
})
