import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { silentLogger } from '#base'
import { openStore } from '#lab/store'
import { runSummarySchema, runDetailSchema } from '#shared/schemas'
import { listQueries } from '../../../../src-main/lab/store/runs.ts'
import {
  codeOf,
  fillDisk,
  keptLogger,
  rowAt,
  specOf,
  temporaryFolder,
  diskTest,
  tinyDisk,
  traceAt,
} from './fixtures.ts'

const logger = silentLogger
const page = { limit: 200, offset: 0 }

describe('creating runs', () => {
  test('gives one queued run a seed, each with its folder, and they fit the contract', () => {
    using store = openStore(temporaryFolder(), { logger })
    const runs = store.createRuns([specOf({ name: 'three', seeds: [4, 5, 6] })])
    expect(runs.map(({ seed, status }) => [seed, status])).toEqual([
      [4, 'queued'],
      [5, 'queued'],
      [6, 'queued'],
    ])
    for (const run of runs) {
      expect(runSummarySchema.parse(run)).toEqual(store.runs.get(run.id))
      expect(runDetailSchema.parse(store.getRun(run.id)).spec.name).toBe('three')
      expect(readdirSync(store.runFolder(run.id))).toEqual(['manifest.json'])
    }
    expect(codeOf(() => store.getRun('nobody'))).toBe('run-not-found')
  })

  test('keeps how they are to be computed, which the defaults stand in for', () => {
    using store = openStore(temporaryFolder(), { logger })
    const [plain] = store.createRuns([specOf({})])
    const [wanted] = store.createRuns([specOf({})], { runtime: 'onnx', device: 'webgpu' })
    expect(store.runs.compute(plain!.id)).toEqual({ runtime: 'onnx', device: 'auto' })
    expect(store.runs.compute(wanted!.id)).toEqual({ runtime: 'onnx', device: 'webgpu' })
    store.runs.setCompute(wanted!.id, { runtime: 'tensorflow', device: 'cpu' })
    expect(store.runs.compute(wanted!.id)).toEqual({ runtime: 'tensorflow', device: 'cpu' })
    expect(codeOf(() => store.runs.compute('nobody'))).toBe('run-not-found')
    expect(codeOf(() => store.runs.setCompute('nobody', { runtime: 'onnx', device: 'cpu' }))).toBe(
      'run-not-found',
    )
  })

  diskTest.each([0, 4, 12, 24, 48, 96, 160, 256])(
    'with %i KB left on the disk all runs are stored or nothing at all',
    (freeKb) => {
      const folder = tinyDisk(1_024)
      using store = openStore(folder, { logger })
      const spec = specOf({ seeds: Array.from({ length: 24 }, (_, seed) => seed) })
      const makeRoom = fillDisk(folder, freeKb * 1_024)
      let code: string | null = null
      try {
        store.createRuns([spec])
      } catch (error) {
        code = (error as { code: string }).code
      }
      makeRoom()
      const count = code === null ? 24 : 0
      if (code !== null) expect(code).toBe('disk-full')
      if (freeKb === 0) expect(code).toBe('disk-full')
      expect(store.runs.list(page).total).toBe(count)
      expect(readdirSync(join(folder, 'runs')).length).toBe(count)
    },
  )

  test('what a crash left half made or half deleted is settled at the next opening', () => {
    const folder = temporaryFolder()
    const runsFolder = join(folder, 'runs')
    const first = openStore(folder, { logger })
    const [kept, half] = first.createRuns([specOf({ seeds: [0, 1] })]).map(({ id }) => id)
    first.close()
    const rename = (from: string, to: string) => {
      mkdirSync(join(runsFolder, to))
      writeFileSync(join(runsFolder, to, 'manifest.json'), from)
    }
    rename('created, no row', '.creating-ghost')
    rename('deleted, no row', '.deleting-gone')
    rename('restored from elsewhere', 'stranger')
    writeFileSync(join(runsFolder, kept!, '.a.bin.1-00.partial'), 'half')
    writeFileSync(join(folder, 'owner.json'), '{"pid":1,"startedAt":"","port":null}')
    const lines = keptLogger()
    using store = openStore(folder, { logger: lines })
    expect(readdirSync(runsFolder).sort()).toEqual([kept, half, 'stranger'].sort())
    expect(readdirSync(join(runsFolder, kept!))).toEqual(['manifest.json'])
    expect(lines.lines.join('\n')).toContain('removed what a crash left of run ghost')
    expect(lines.lines.join('\n')).toContain('no run in the store belongs to')
    expect(store.runs.list(page).total).toBe(2)
  })

  test('a row whose folder was not named yet gets it at the next opening', () => {
    const folder = temporaryFolder()
    const first = openStore(folder, { logger })
    const [run] = first.createRuns([specOf({})])
    first.transaction(() => first.runs.insert({ ...run!, id: 'late' }, specOf({})))
    mkdirSync(join(folder, 'runs', '.creating-late'))
    first.close()
    using store = openStore(folder, { logger })
    expect(existsSync(store.runFolder('late'))).toBe(true)
  })

  test('a deleted run takes its rows and files along; a running one is refused', () => {
    using store = openStore(temporaryFolder(), { logger })
    const [run] = store.createRuns([specOf({})])
    const { id } = run!
    store.metrics.append(id, [rowAt(1)])
    store.queue.add(id)
    store.queue.claim('me', 1_000)
    expect(codeOf(() => store.deleteRun(id))).toBe('invalid-argument')
    store.runs.markEnded(id, 'cancelled', null)
    store.deleteRun(id)
    expect(codeOf(() => store.deleteRun(id))).toBe('run-not-found')
    expect(readdirSync(join(store.folder, 'runs'))).toEqual([])
    expect([store.metrics.list(id), store.queue.list()]).toEqual([[], []])
  })
})

describe('the list of runs', () => {
  test('is newest first, pages through the total and filters by status and text', () => {
    using store = openStore(temporaryFolder(), { logger })
    const seeds = [0, 1, 2, 3, 4]
    const ids = store.createRuns([specOf({ name: 'Wide ÄRA 100%', seeds })]).map(({ id }) => id)
    store.createRuns([specOf({ name: 'other', data: { kind: 'text' } })])
    store.runs.markEnded(ids[1]!, 'failed', { code: 'non-finite', message: 'nan' })
    const seen = store.runs.list({ limit: 2, offset: 1 })
    expect(seen.total).toBe(6)
    expect(seen.runs.map(({ id }) => id)).toEqual([ids[4], ids[3]])
    const list = (filter: object) => store.runs.list({ ...page, ...filter })
    expect(list({ status: 'failed' }).runs.map(({ id }) => id)).toEqual([ids[1]])
    expect(list({ text: 'ära 100%' }).total).toBe(5)
    expect(list({ text: '%' }).total).toBe(5)
    expect(list({ text: 'TEXT' }).total).toBe(1)
    expect(list({ text: 'wide', status: 'queued' }).total).toBe(4)
    expect(list({ text: 'nothing' })).toEqual({ runs: [], total: 0 })
  })

  test('of 10,000 runs reads by index and sorts nothing', () => {
    const folder = temporaryFolder()
    using store = openStore(folder, { logger })
    const spec = specOf({})
    const [run] = store.createRuns([spec])
    store.transaction(() => {
      for (let i = 1; i < 10_000; i += 1) store.runs.insert({ ...run!, id: `r${String(i)}` }, spec)
    })
    const started = performance.now()
    expect(store.runs.list({ limit: 200, offset: 9_000 }).runs.length).toBe(200)
    expect(store.runs.list({ limit: 200, offset: 0, status: 'queued' }).total).toBe(10_000)
    expect(performance.now() - started).toBeLessThan(1_000)

    const reader = new Sqlite(join(folder, 'store.sqlite'), { readonly: true })
    const planOf = (sql: string) =>
      reader
        .prepare<[object], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
        .all({ status: 'queued', text: 'a', limit: 200, offset: 0 })
        .map(({ detail }) => detail)
    const plans = [false, true].map((status) => listQueries({ status, text: false }))
    expect(plans.map(({ page: sql }) => planOf(sql))).toEqual([
      ['SCAN runs'],
      ['SEARCH runs USING INDEX runs_by_status (status=?)'],
    ])
    expect(plans.map(({ count }) => planOf(count)[0])).toEqual([
      expect.stringContaining('USING COVERING INDEX'),
      'SEARCH runs USING COVERING INDEX runs_by_status (status=?)',
    ])
    reader.close()
  })
})

describe('metrics', () => {
  test('a repeated delivery changes nothing and rows come back bit-equal in step order', () => {
    using store = openStore(temporaryFolder(), { logger })
    const { id } = store.createRuns([specOf({})])[0]!
    const rows = [5, 10, 15, 20].map((step) => rowAt(step))
    store.metrics.append(id, [rows[2]!, rows[0]!])
    store.metrics.append(id, rows)
    store.metrics.append(id, rows)
    expect(store.metrics.list(id)).toEqual(rows)
    expect(store.metrics.list(id, 10, 1)).toEqual([rows[2]])
    expect(store.metrics.elapsedAt(id, 14)).toBe(15)
    expect(store.metrics.elapsedAt(id, 4)).toBe(0)
  })

  test('after a resume the rows after the checkpoint are replaced, not mixed', () => {
    using store = openStore(temporaryFolder(), { logger })
    const { id } = store.createRuns([specOf({})])[0]!
    const steps = [5, 10, 15, 20, 25]
    store.metrics.append(
      id,
      steps.map((step) => rowAt(step)),
    )
    store.metrics.append(id, [rowAt(12, 2)], 10)
    store.metrics.append(id, [rowAt(14, 2)])
    expect(store.metrics.list(id)).toEqual([rowAt(5), rowAt(10), rowAt(12, 2), rowAt(14, 2)])
  })

  test('10,000 rows are taken in well under a second', () => {
    using store = openStore(temporaryFolder(), { logger })
    const { id } = store.createRuns([specOf({})])[0]!
    const rows = Array.from({ length: 10_000 }, (_, step) => rowAt(step))
    const started = performance.now()
    for (let i = 0; i < rows.length; i += 100) store.metrics.append(id, rows.slice(i, i + 100))
    expect(performance.now() - started).toBeLessThan(2_000)
    expect(store.metrics.list(id).length).toBe(10_000)
  })
})

describe('measurements', () => {
  test('one is never replaced silently', () => {
    using store = openStore(temporaryFolder(), { logger })
    const { id } = store.createRuns([specOf({})])[0]!
    expect(store.measurements.add(id, traceAt(1, 3.5))).toBe(true)
    expect(store.measurements.add(id, traceAt(1, 3.5))).toBe(false)
    expect(() => store.measurements.add(id, traceAt(1, 3.6))).toThrow('is stored already')
    store.measurements.add(id, traceAt(0, 1))
    expect(store.measurements.list(id)).toEqual([traceAt(0, 1), traceAt(1, 3.5)])
  })
})

describe('the queue', () => {
  test('hands out each run once, in order, and counts attempts', () => {
    using store = openStore(temporaryFolder(), { logger })
    const ids = store.createRuns([specOf({ seeds: [0, 1] })]).map(({ id }) => id)
    for (const id of ids) store.queue.add(id)
    store.queue.add(ids[0]!)
    expect(store.queue.claim('a', 60_000)).toEqual({ runId: ids[0], attempt: 1 })
    expect(store.queue.claim('b', -1)).toEqual({ runId: ids[1], attempt: 1 })
    expect(store.queue.claim('b', 60_000)).toBeNull()
    expect(store.queue.claim('a', 60_000)).toEqual({ runId: ids[1], attempt: 2 })
    expect(store.runs.get(ids[1]!)).toMatchObject({ status: 'running', attempt: 2 })
  })
})
