import { describe, expect, it, onTestFinished } from 'vitest'
import { silentLogger } from '#base'
import { createDesktop } from '#hosts/desktop'
import { connectEngine, runtimePath } from '#hosts/http'
import type { Lab } from '#lab/api'
import { electronStub } from '../support/electron-stub.ts'
import { countingSpec, openTestLab, untilStatus } from '../support/test-lab.ts'
import { startTestServer } from '../support/test-server.ts'

/** A shell over a stub of Electron and a real engine. */
async function startDesktop(options: Parameters<typeof electronStub>[0] & { lab?: Lab } = {}) {
  const lab = options.lab ?? openTestLab()
  const server = await startTestServer({ lab })
  const stub = electronStub(options)
  const desktop = createDesktop(stub.electron, {
    attach: () => connectEngine(runtimePath(lab.storeFolder)),
    preload: '/app/preload.cjs',
    logger: silentLogger,
  })
  onTestFinished(() => desktop.dispose())
  await desktop.started
  return { ...stub, desktop, lab, server, window: stub.seen.windows[0]! }
}

async function startRun(lab: Lab, steps: number, msPerStep: number): Promise<string> {
  const { runs } = await lab.handlers['runs.create']({ spec: countingSpec(steps, msPerStep) })
  await untilStatus(lab, runs[0]!.id, 'running')
  return runs[0]!.id
}

describe('the window', () => {
  it('loads the loopback address that signs in, with every guard up', async () => {
    const { window, server } = await startDesktop()
    expect(window.loaded).toEqual([server.signInUrl])
    expect(window.options.webPreferences).toEqual({
      preload: '/app/preload.cjs',
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
    })
  })

  it('stays on its own origin', async () => {
    const { window, server } = await startDesktop()
    const isPrevented = (event: string, url: string) => {
      let prevented = false
      const details = { url, preventDefault: () => (prevented = true) }
      window.webContents.emit(event, details, url)
      return prevented
    }
    for (const event of ['will-navigate', 'will-redirect', 'will-frame-navigate']) {
      expect(isPrevented(event, `${server.url}index.html`)).toBe(false)
      for (const url of [
        'https://evil.example/',
        'http://127.0.0.1:1/',
        `http://127.0.0.1:${server.port}@evil/`,
        'file:///etc/passwd',
        'javascript:1',
        'nonsense',
      ]) {
        expect(isPrevented(event, url), `${event} ${url}`).toBe(true)
      }
    }
    expect(isPrevented('will-attach-webview', '')).toBe(true)
  })

  it('opens no other window; only https links leave for the browser', async () => {
    const { window, seen } = await startDesktop()
    for (const url of ['https://arxiv.org/abs/1', 'file:///etc/passwd', 'http://x/', 'smb://x/y']) {
      expect(window.openHandler!({ url })).toEqual({ action: 'deny' })
    }
    expect(seen.opened).toEqual(['https://arxiv.org/abs/1'])
  })

  it('every permission is denied', async () => {
    const { seen } = await startDesktop()
    const answers: unknown[] = []
    const answer = (allowed: unknown) => answers.push(allowed)
    seen.permissions.request!(null as never, 'media' as never, answer as never)
    answers.push(seen.permissions.check!(), seen.permissions.device!())
    expect(answers).toEqual([false, false, false])
  })
})

describe('a second instance', () => {
  it('quits without an engine and without a window', async () => {
    const stub = electronStub({ hasLock: false })
    const desktop = createDesktop(stub.electron, {
      attach: () => Promise.reject(new Error('must not be called')),
      preload: '',
      logger: silentLogger,
    })
    await desktop.started
    expect(stub.seen).toMatchObject({ quits: 1, windows: [], errors: [] })
  })

  it('makes the first one show its window', async () => {
    const { app, window } = await startDesktop()
    app.emit('second-instance')
    expect(window.shown).toEqual(['restore', 'show', 'focus'])
  })
})

describe('while a run goes on', () => {
  it('the machine stays awake and the taskbar shows progress; its end is notified', async () => {
    const { lab, seen, window } = await startDesktop()
    expect(seen.blockers.size).toBe(0)
    const id = await startRun(lab, 60, 10)
    await expect.poll(() => seen.blockers.size).toBe(1)
    await untilStatus(lab, id, 'finished')
    await expect.poll(() => seen.notifications).toEqual([{ title: 'ms=10', body: 'finished' }])
    expect(seen.blockers.size).toBe(0)
    expect(window.progress.at(-1)).toBe(-1)
    const shares = window.progress.filter((share) => share > 0)
    expect(shares.length).toBeGreaterThan(0)
    expect(Math.max(...shares)).toBeLessThanOrEqual(1)
  })

  it('closing the window asks once, and no keeps it', async () => {
    const { lab, seen, window } = await startDesktop({ closeAnswer: 1 })
    await startRun(lab, 1_000, 10)
    await expect.poll(() => seen.blockers.size).toBe(1)
    window.close()
    expect(window.isGone).toBe(false)
    expect(seen.questions).toBe(1)
  })

  it('yes closes the window, and the run goes on', async () => {
    const { lab, seen, window } = await startDesktop({ closeAnswer: 0 })
    const id = await startRun(lab, 1_000, 10)
    await expect.poll(() => seen.blockers.size).toBe(1)
    window.close()
    expect({ isGone: window.isGone, questions: seen.questions }).toEqual({
      isGone: true,
      questions: 1,
    })
    expect((await lab.handlers['runs.get']({ runId: id })).summary.status).toBe('running')
  })

  it('nothing is asked when nothing runs', async () => {
    const { seen, window } = await startDesktop()
    window.close()
    expect({ isGone: window.isGone, questions: seen.questions }).toEqual({
      isGone: true,
      questions: 0,
    })
  })

  it('sleep stops it after a checkpoint, waking goes on', async () => {
    const { lab, seen, powerMonitor } = await startDesktop()
    const id = await startRun(lab, 100, 10)
    await expect.poll(() => seen.blockers.size).toBe(1)
    powerMonitor.emit('suspend')
    await untilStatus(lab, id, 'cancelled')
    const { artifacts } = await lab.handlers['runs.get']({ runId: id })
    expect(artifacts.some(({ kind }) => kind === 'checkpoint')).toBe(true)
    await expect.poll(() => seen.blockers.size).toBe(0)
    powerMonitor.emit('resume')
    expect((await untilStatus(lab, id, 'finished')).attempt).toBe(2)
  })

  it('a run that was going on before the window opened counts too', async () => {
    const lab = openTestLab()
    await startRun(lab, 1_000, 10)
    const { seen } = await startDesktop({ lab })
    expect(seen.blockers.size).toBe(1)
  })
})

describe('the engine', () => {
  it('that cannot be had is said before the shell quits', async () => {
    const stub = electronStub()
    const desktop = createDesktop(stub.electron, {
      attach: () => Promise.reject(new Error('the engine ended with exit code 1: store in use')),
      preload: '',
      logger: silentLogger,
    })
    await desktop.started
    expect(stub.seen).toMatchObject({
      quits: 1,
      windows: [],
      errors: ['the engine ended with exit code 1: store in use'],
    })
  })

  it('that died is attached to anew, and the window signs in at the new one', async () => {
    const { lab, server, seen } = await startDesktop()
    const second = startTestServer({ lab })
    await server.close()
    const { signInUrl } = await second
    await expect.poll(() => seen.windows.length, { timeout: 5_000 }).toBe(2)
    expect(seen.windows[0]!.isGone).toBe(true)
    expect(seen.windows[1]!.loaded).toEqual([signInUrl])
    expect(seen.quits).toBe(0)
  })
})
