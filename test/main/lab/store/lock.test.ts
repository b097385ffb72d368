import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { silentLogger } from '#base'
import { openStore, readOwner } from '#lab/store'
import { codeOf, keptLogger, specOf, temporaryFolder } from './fixtures.ts'

const logger = silentLogger

async function holder(folder: string): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'lock-holder.ts'), [folder], {
    execArgv: ['--expose-gc'],
  })
  await once(child, 'message')
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

describe('the lock of a store', () => {
  test('a second process is refused at once with folder, pid and port, and gets it after kill -9', async () => {
    const folder = temporaryFolder()
    const child = await holder(folder)
    try {
      const started = performance.now()
      expect(() => openStore(folder, { logger })).toThrow(
        `the store ${folder} is in use by process ${String(child.pid)}, port 4711`,
      )
      expect(performance.now() - started).toBeLessThan(1_000)
      expect(codeOf(() => openStore(folder, { logger }))).toBe('store-in-use')
      expect(readOwner(folder)).toMatchObject({ pid: child.pid, port: 4711 })
    } finally {
      await kill(child)
    }
    expect(readOwner(folder)).toBeNull()
    const kept = keptLogger()
    openStore(folder, { logger: kept }).close()
    expect(kept.lines).toEqual([`the store ${folder} was not closed; checking it`])
  })

  test('a second open in one process is refused too, and works after close', () => {
    const folder = temporaryFolder()
    const store = openStore(folder, { logger })
    expect(codeOf(() => openStore(folder, { logger }))).toBe('store-in-use')
    expect(codeOf(() => openStore(folder, { logger }))).toBe('store-in-use')
    store.close()
    store.close()
    expect(readOwner(folder)).toBeNull()
    const kept = keptLogger()
    openStore(folder, { logger: kept }).close()
    expect(kept.lines).toEqual([])
  })
})

describe('a damaged store', () => {
  function damage(path: string, from: number, length: number): void {
    const handle = openSync(path, 'r+')
    writeSync(handle, Buffer.alloc(length, 0xff), 0, length, from)
    closeSync(handle)
  }

  function filledStore(): string {
    const folder = temporaryFolder()
    const store = openStore(folder, { logger })
    store.createRuns([specOf({ seeds: [0, 1, 2, 3] })])
    store.close()
    return folder
  }

  test('is found after an unclean exit, each time anew, and named', () => {
    const folder = filledStore()
    const path = join(folder, 'store.sqlite')
    writeFileSync(join(folder, 'owner.json'), '{"pid":1,"startedAt":"","port":null}')
    damage(path, 4096 * 2 + 4, 4096 * 4)
    expect(codeOf(() => openStore(folder, { logger }))).toBe('store-corrupt')
    expect(() => openStore(folder, { logger })).toThrow(`the store is damaged: ${path}`)
  })

  test('that is no database at all is refused without an unclean exit', () => {
    const folder = filledStore()
    const path = join(folder, 'store.sqlite')
    damage(path, 0, 100)
    const before = readFileSync(path)
    expect(codeOf(() => openStore(folder, { logger }))).toBe('store-corrupt')
    expect(readFileSync(path).equals(before)).toBe(true)
  })
})
