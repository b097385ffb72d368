import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createWebSocketBackend } from '../../src-renderer/backend/websocket.ts'

/** A socket whose other end is the test. */
class TestSocket extends EventTarget {
  static all: TestSocket[] = []
  readyState = 0
  readonly sent: string[] = []

  constructor() {
    super()
    TestSocket.all.push(this)
  }

  send(text: string): void {
    this.sent.push(text)
  }

  open(): void {
    this.readyState = 1
    this.dispatchEvent(new Event('open'))
  }

  say(frame: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(frame) }))
  }

  close(): void {
    if (this.readyState === 3) return
    this.readyState = 3
    this.dispatchEvent(new Event('close'))
  }
}

const last = (): TestSocket => TestSocket.all.at(-1)!
const connect = () => createWebSocketBackend('ws://localhost/rpc')

beforeEach(() => {
  TestSocket.all = []
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', TestSocket)
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

describe('createWebSocketBackend', () => {
  test('holds calls back until the first connection and answers them', async () => {
    const backend = connect()
    const answer = backend.client.call('runs.delete', { runId: 'a' })
    last().open()
    await vi.advanceTimersByTimeAsync(0)
    const { id, method } = JSON.parse(last().sent[0]!)
    expect(method).toBe('runs.delete')
    last().say({ id, result: {} })
    await expect(answer).resolves.toEqual({})
    expect(backend.status.value).toBe('open')
    backend.dispose()
  })

  test('comes back after a loss, waiting twice as long each time, and keeps its listeners', async () => {
    const backend = connect()
    const heard: string[] = []
    let reopened = 0
    backend.client.on('runs.deleted', ({ runId }) => heard.push(runId))
    backend.onReopen(() => (reopened += 1))
    last().open()
    last().say({ event: 'runs.deleted', payload: { runId: 'a' } })
    last().close()
    expect(backend.status.value).toBe('closed')
    await expect(backend.client.call('engine.describe', {})).rejects.toMatchObject({
      code: 'engine-unreachable',
    })
    await vi.advanceTimersByTimeAsync(250)
    expect(TestSocket.all).toHaveLength(2)
    last().close()
    await vi.advanceTimersByTimeAsync(499)
    expect(TestSocket.all).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1)
    last().open()
    last().say({ event: 'runs.deleted', payload: { runId: 'b' } })
    expect(heard).toEqual(['a', 'b'])
    expect(reopened).toBe(1)
    expect(backend.status.value).toBe('open')
    backend.dispose()
  })

  test('fails what was under way when the engine went', async () => {
    const backend = connect()
    last().open()
    const answer = backend.client.call('engine.describe', {})
    const settled = expect(answer).rejects.toMatchObject({ code: 'engine-unreachable' })
    await vi.advanceTimersByTimeAsync(0)
    last().close()
    await settled
    backend.dispose()
  })

  test('stays away once it is disposed', async () => {
    const backend = connect()
    last().open()
    backend.dispose()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(TestSocket.all).toHaveLength(1)
  })
})
