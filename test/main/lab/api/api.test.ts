import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { silentLogger, type Logger } from '#base'
import type { Lab } from '#lab/api'
import { openStore } from '#lab/store'
import { methods, type MethodName, type Methods } from '#shared/contract'
import { createClient, dispatch, memoryChannelPair, serveChannel } from '#shared/rpc'
import {
  countingSpec,
  openTestLab,
  temporaryFolder,
  untilStatus,
} from '../../hosts/support/test-lab.ts'

/** Calls a method as a client would and checks the result against its schema. */
async function call<M extends MethodName>(
  lab: Lab,
  method: M,
  args: Methods[M]['args'],
): Promise<Methods[M]['result']> {
  const result = await dispatch(lab.handlers, method, args)
  return methods[method].result.parse(result) as Methods[M]['result']
}

const createOne = async (lab: Lab, spec: unknown): Promise<string> => {
  const { runs } = await call(lab, 'runs.create', { spec })
  return runs[0]!.id
}

describe('the lab', () => {
  it('describes its engine', async () => {
    const lab = openTestLab({ mode: 'look' })
    const engine = await call(lab, 'engine.describe', {})
    expect(engine).toMatchObject({ store: lab.storeFolder, pid: process.pid, protocol: 1 })
  })

  it('a run goes from create to finished, and every answer fits its schema', async () => {
    const lab = openTestLab()
    const id = await createOne(lab, countingSpec(10))
    await untilStatus(lab, id, 'finished')
    expect((await call(lab, 'runs.list', {})).runs.map((run) => run.id)).toEqual([id])
    expect((await call(lab, 'runs.get', { runId: id })).measurements).toHaveLength(1)
    const { rows } = await call(lab, 'runs.metrics', { runId: id })
    expect(rows.map(({ step }) => step)).toEqual([5, 10])
    const later = await call(lab, 'runs.metrics', { runId: id, afterStep: 5 })
    expect(later.rows.map(({ step }) => step)).toEqual([10])
  })

  it('a spec makes one run a seed', async () => {
    const lab = openTestLab({ mode: 'look' })
    const { runs } = await call(lab, 'runs.create', { spec: { seeds: [3, 1, 2] } })
    expect(runs.map(({ seed, status }) => [seed, status])).toEqual([
      [3, 'queued'],
      [1, 'queued'],
      [2, 'queued'],
    ])
  })

  it('a sweep makes one run for each combination and seed, all or none', async () => {
    const lab = openTestLab({ mode: 'look' })
    const sweep = { 'model.hidden': [[4], [8]], 'train.batchSize': [16, 32] }
    const { runs } = await call(lab, 'runs.create', { spec: { name: 'S', seeds: [1, 2], sweep } })
    expect(runs.map(({ name, seed }) => [name, seed]).slice(0, 3)).toEqual([
      ['S: hidden [4], batchSize 16', 1],
      ['S: hidden [4], batchSize 16', 2],
      ['S: hidden [4], batchSize 32', 1],
    ])
    expect(runs).toHaveLength(8)
    const { spec } = await call(lab, 'runs.get', { runId: runs[7]!.id })
    expect(spec).toMatchObject({ model: { hidden: [8] }, train: { batchSize: 32 }, sweep: {} })
    const wrong = { 'model.hidden': [[4], [-1]] }
    await expect(call(lab, 'runs.create', { spec: { sweep: wrong } })).rejects.toThrow(
      'model.hidden[0] must be at least 1, got -1',
    )
    expect((await call(lab, 'runs.list', {})).total).toBe(8)
  })

  it('a wrong spec makes no run and names every bad key', async () => {
    const lab = openTestLab({ mode: 'look' })
    const spec = { train: { learningrat: 1, batchSize: 0 }, seeds: [1, 2] }
    await expect(call(lab, 'runs.create', { spec })).rejects.toMatchObject({
      code: 'invalid-spec',
      message:
        'train.batchSize must be at least 1, got 0; ' +
        'unknown key train.learningrat; did you mean train.optimizer.learningRate?',
      detail: { problems: [{ path: 'train.batchSize' }, { path: 'train.learningrat' }] },
    })
    expect((await call(lab, 'runs.list', {})).total).toBe(0)
  })

  it('a run on a device that is not there is refused and not stored', async () => {
    const lab = openTestLab({ mode: 'look' })
    const compute = { device: 'webgpu' } as const
    await expect(call(lab, 'runs.create', { spec: {}, compute })).rejects.toThrow(
      'there is no webgpu here; there is cpu',
    )
    expect((await call(lab, 'runs.list', {})).total).toBe(0)
  })

  it('resume may choose another device, and keeps what is not said', async () => {
    const lab = openTestLab()
    const { runs } = await call(lab, 'runs.create', {
      spec: countingSpec(60, 10),
      compute: { runtime: 'tensorflow' },
    })
    const runId = runs[0]!.id
    await untilStatus(lab, runId, 'running')
    await call(lab, 'runs.cancel', { runId })
    await expect(call(lab, 'runs.resume', { runId, compute: { device: 'cuda' } })).rejects.toThrow(
      'there is no cuda here',
    )
    await call(lab, 'runs.resume', { runId, compute: { device: 'cpu' } })
    await untilStatus(lab, runId, 'finished')
    await lab.dispose()
    using store = openStore(lab.storeFolder, { logger: silentLogger })
    expect(store.runs.compute(runId)).toEqual({ runtime: 'tensorflow', device: 'cpu' })
  })

  it('a cancelled run can be resumed to its end', async () => {
    const lab = openTestLab()
    const id = await createOne(lab, countingSpec(60, 10))
    await untilStatus(lab, id, 'running')
    expect(await call(lab, 'runs.cancel', { runId: id })).toMatchObject({ status: 'cancelled' })
    await expect(call(lab, 'runs.cancel', { runId: id })).rejects.toMatchObject({
      code: 'run-already-ended',
    })
    await call(lab, 'runs.resume', { runId: id })
    expect((await untilStatus(lab, id, 'finished')).attempt).toBe(2)
    await expect(call(lab, 'runs.resume', { runId: id })).rejects.toMatchObject({
      code: 'run-not-resumable',
    })
  })

  it('a report is written into the bundle and replaces the one before', async () => {
    const lab = openTestLab()
    const id = await createOne(lab, countingSpec(10))
    await untilStatus(lab, id, 'finished')
    const first = await call(lab, 'reports.create', { runId: id })
    const second = await call(lab, 'reports.create', { runId: id })
    expect(second.id).toBe(first.id)
    const html = readFileSync(lab.findArtifact(first.id).path, 'utf8')
    expect(html).toMatch(/^<!doctype html>/i)
    expect(html).toContain(id)
  })

  it('a running run cannot be deleted, an ended one is gone for every client', async () => {
    const lab = openTestLab()
    const id = await createOne(lab, countingSpec(500, 10))
    await untilStatus(lab, id, 'running')
    await expect(call(lab, 'runs.delete', { runId: id })).rejects.toMatchObject({
      code: 'invalid-argument',
    })
    await call(lab, 'runs.cancel', { runId: id })
    const deleted: unknown[] = []
    lab.subscribe((event, payload) => {
      if (event === 'runs.deleted') deleted.push(payload)
    })
    await call(lab, 'runs.delete', { runId: id })
    expect(deleted).toEqual([{ runId: id }])
  })

  it.each([
    'runs.get',
    'runs.metrics',
    'runs.cancel',
    'runs.resume',
    'runs.delete',
    'reports.create',
  ] as const)('%s of an unknown run fails by name', async (method) => {
    const lab = openTestLab({ mode: 'look' })
    await expect(call(lab, method, { runId: 'nope' })).rejects.toMatchObject({
      code: 'run-not-found',
      message: expect.stringContaining('nope'),
    })
  })

  it('every event of a run fits its schema and arrives over a channel', async () => {
    const lab = openTestLab()
    const [near, far] = memoryChannelPair()
    serveChannel(far, lab)
    const client = createClient(near)
    const heard = new Set<string>()
    client.on('metrics.appended', () => heard.add('metrics'))
    client.on('measurements.added', () => heard.add('measurements'))
    client.on('runs.changed', ({ status }) => heard.add(status))
    const { runs } = await client.call('runs.create', { spec: countingSpec(10) })
    await untilStatus(lab, runs[0]!.id, 'finished')
    await client.call('engine.describe', {})
    expect([...heard].sort()).toEqual(['finished', 'measurements', 'metrics', 'queued', 'running'])
  })

  it('to look starts nothing, to work takes up what waits', async () => {
    const folder = temporaryFolder()
    const lab = openTestLab({ mode: 'look', folder })
    const id = await createOne(lab, countingSpec(3))
    await lab.dispose()
    const second = openTestLab({ mode: 'work-new', folder })
    await untilStatus(second, id, 'finished')
  })

  it('a second lab on a store is refused, naming the first', () => {
    const folder = temporaryFolder()
    openTestLab({ folder })
    expect(() => openTestLab({ folder })).toThrow(`process ${process.pid}`)
  })

  it('an unforeseen error goes to the log and only its incident to the client', () => {
    const log: string[] = []
    const logger: Logger = {
      info: () => {},
      warn: () => {},
      error: (message) => log.push(message),
    }
    const lab = openTestLab({ mode: 'look', logger })
    const told = lab.describeError(new Error('secret at /home/me'))
    expect(told.message).not.toContain('secret')
    const { incident } = told.detail as { incident: string }
    expect(log).toEqual([`incident ${incident}: secret at /home/me`])
  })
})
