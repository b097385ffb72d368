import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  FormatError,
  InputError,
  MissingFileError,
  NonFiniteError,
  ShapeError,
  StoppedError,
  throwIfStopped,
} from '#base'
import { runWorker, toApiError, type Execute, type WorkerPort } from '#lab/jobs'
import { readCheckpoint } from '#lab/store'
import { ApiError } from '#shared/errors'
import type { JobOrder, WorkerEvent } from '#shared/schemas'
import { specOf, temporaryFolder } from '../store/fixtures.ts'

/** A port in memory, with the engine's end of it. */
function portPair() {
  const sent: WorkerEvent[] = []
  let command: (message: unknown) => void = () => {}
  let disconnect: () => void = () => {}
  const exit = Promise.withResolvers<number>()
  const port: WorkerPort = {
    send: (event) => {
      sent.push(event)
      return Promise.resolve()
    },
    onCommand: (listener) => (command = listener),
    onDisconnect: (listener) => (disconnect = listener),
    exit: (code) => exit.resolve(code),
  }
  return {
    port,
    sent,
    exited: exit.promise,
    command: (message: unknown) => command(message),
    disconnect: () => disconnect(),
  }
}

const orderIn = (folder: string): JobOrder => ({
  runId: 'a',
  attempt: 1,
  seed: 0,
  spec: specOf({}),
  folder,
  checkpoint: null,
  measured: [],
  weights: [],
  elapsedMs: 0,
  compute: { runtime: 'onnx', device: 'auto' },
  earlierDevice: null,
})

async function outcomeOf(execute: Execute, after?: (pair: ReturnType<typeof portPair>) => void) {
  const pair = portPair()
  void runWorker(pair.port, execute)
  pair.command({ type: 'start', order: orderIn(temporaryFolder()) })
  after?.(pair)
  const code = await pair.exited
  return { code, last: pair.sent.at(-1), sent: pair.sent }
}

const throwing =
  (error: Error): Execute =>
  () =>
    Promise.reject(error)

/** Waits for its signal, then checkpoints. */
const patient: Execute = async (_order, { signal, saveCheckpoint }) => {
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  }
  await saveCheckpoint(7, Uint8Array.of(1, 2))
  throwIfStopped(signal)
}

describe('a compute process', () => {
  test('says finished when its work returns', async () => {
    const { code, last } = await outcomeOf(() => Promise.resolve())
    expect([code, last]).toEqual([0, { type: 'ended', outcome: 'finished', error: null }])
  })

  test('stops after a checkpoint, whether asked during the work or before it', async () => {
    const ended = { type: 'ended', outcome: 'stopped', error: null }
    const { sent } = await outcomeOf(patient, ({ command }) => command({ type: 'stop' }))
    expect(sent).toEqual([expect.objectContaining({ type: 'checkpointed' }), ended])
    const pair = portPair()
    void runWorker(pair.port, patient)
    pair.command({ type: 'stop' })
    pair.command({ type: 'start', order: orderIn(temporaryFolder()) })
    expect([await pair.exited, pair.sent.at(-1)]).toEqual([0, ended])
  })

  test('finishes its checkpoint and exits with 1 when the engine is gone', async () => {
    const folder = temporaryFolder()
    const pair = portPair()
    void runWorker(pair.port, patient)
    pair.command({ type: 'start', order: orderIn(folder) })
    pair.disconnect()
    expect(await pair.exited).toBe(1)
    expect(readdirSync(folder).length).toBe(1)
    const [event] = pair.sent
    if (event?.type !== 'checkpointed') throw new Error('no checkpoint')
    expect(readCheckpoint(folder, event.checkpoint)).toEqual(Uint8Array.of(1, 2))
    const idle = portPair()
    void runWorker(idle.port, patient)
    idle.disconnect()
    expect(await idle.exited).toBe(1)
  })

  test('writes weights under step and hash before it tells of them', async () => {
    const folder = temporaryFolder()
    const pair = portPair()
    void runWorker(pair.port, async (_order, { saveWeights }) => {
      await saveWeights(7, Uint8Array.of(1, 2))
      await saveWeights(7, Uint8Array.of(1, 2))
      await saveWeights(7, Uint8Array.of(3))
    })
    pair.command({ type: 'start', order: orderIn(folder) })
    expect(await pair.exited).toBe(0)
    const told = pair.sent.flatMap((event) => (event.type === 'weights-saved' ? event.weights : []))
    expect(told.map(({ step, sizeBytes }) => [step, sizeBytes])).toEqual([
      [7, 2],
      [7, 2],
      [7, 1],
    ])
    expect(told[0]).toEqual(told[1])
    expect(told[0]!.fileName).toBe(`weights-000000007-${told[0]!.sha256.slice(0, 8)}.safetensors`)
    expect(readdirSync(folder).sort()).toEqual([told[0]!.fileName, told[2]!.fileName].sort())
  })

  test('pauses on a full disk and fails on anything else', async () => {
    const full = await outcomeOf(throwing(new ApiError('disk-full', 'no space', { path: '/a' })))
    expect(full.last).toMatchObject({ outcome: 'paused', error: { code: 'disk-full' } })
    const nan = await outcomeOf(throwing(new NonFiniteError('loss at step 3')))
    expect(nan.last).toEqual({
      type: 'ended',
      outcome: 'failed',
      error: {
        code: 'non-finite',
        message: 'not a finite number in loss at step 3',
        detail: { where: 'loss at step 3' },
      },
    })
    const stopped = await outcomeOf(throwing(new StoppedError()))
    expect(stopped.last).toMatchObject({ outcome: 'stopped' })
  })
})

test('every known error has its code', () => {
  const system = (code: string) => Object.assign(new Error('x'), { code })
  const table: [unknown, string][] = [
    [new ShapeError('x', '[2]', [3]), 'shape-mismatch'],
    [new MissingFileError('/a'), 'file-not-found'],
    [new FormatError('/a', 'cut off', 3), 'file-corrupt'],
    [new InputError('k', 'k must be positive'), 'invalid-argument'],
    [new NonFiniteError('x'), 'non-finite'],
    [new ApiError('invalid-spec', 'x'), 'invalid-spec'],
    [system('ENOSPC'), 'disk-full'],
    [system('SQLITE_FULL'), 'disk-full'],
    [system('SQLITE_CORRUPT_INDEX'), 'store-corrupt'],
    [new RangeError('Array buffer allocation failed'), 'out-of-memory'],
    [new Error('x'), 'internal'],
    ['a string', 'internal'],
  ]
  expect(table.map(([error]) => toApiError(error).code)).toEqual(table.map(([, code]) => code))
})
