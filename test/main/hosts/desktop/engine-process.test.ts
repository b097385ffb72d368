import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startEngineProcess } from '#hosts/desktop'
import { connectEngine, runtimePath } from '#hosts/http'
import { temporaryFolder } from '../support/test-lab.ts'

const options = (storeFolder: string) => ({
  nodePath: process.execPath,
  engineEntry: join(import.meta.dirname, '../../../../src-main/entries/engine.ts'),
  storeFolder,
  staticFolder: temporaryFolder(),
  env: { ...process.env, NODE_OPTIONS: '--no-such-flag' },
  idleMs: 400,
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('the engine process', () => {
  it('starts as plain Node, serves its store, and ends when nobody needs it', async () => {
    const store = temporaryFolder()
    const pid = await startEngineProcess(options(store))
    onTestFinished(() => {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL')
    })
    const { client, pid: told } = await connectEngine(runtimePath(store))
    expect(told).toBe(pid)
    expect((await client.call('engine.describe', {})).store).toBe(store)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect(isAlive(pid), 'a client keeps it').toBe(true)
    const { runs } = await client.call('runs.create', {
      spec: { train: { epochs: 200 }, measure: [] },
    })
    client.close()
    await client.closed
    await expect.poll(() => isAlive(pid), { timeout: 10_000, interval: 100 }).toBe(false)
    expect(existsSync(runtimePath(store))).toBe(false)

    const second = await startEngineProcess(options(store))
    const again = await connectEngine(runtimePath(store))
    const { summary } = await again.client.call('runs.get', { runId: runs[0]!.id })
    expect(summary.status, 'it stayed until the run was done').toBe('finished')
    process.kill(second, 'SIGTERM')
    await again.client.closed
    await expect.poll(() => isAlive(second), { timeout: 5_000 }).toBe(false)
  })

  it('that cannot start tells its last words', async () => {
    const store = temporaryFolder()
    // It must still be there when the second one has started.
    const first = await startEngineProcess({ ...options(store), idleMs: 10_000 })
    await expect(startEngineProcess(options(store))).rejects.toThrow(
      new RegExp(`exit code 1: error: the store .* is in use by process ${first}`),
    )
    process.kill(first, 'SIGTERM')
    await expect.poll(() => isAlive(first), { timeout: 5_000 }).toBe(false)
    await expect(
      startEngineProcess({ ...options(store), nodePath: '/nonexistent/node' }),
    ).rejects.toThrow('the engine cannot be started')
  })
})
