import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../support/test-lab.ts'

const entry = join(import.meta.dirname, '../../../../src-main/entries/cli.ts')

/** Starts `saddle` as a process of its own. */
function saddle(args: readonly string[], store: string) {
  const child = spawn(process.execPath, [entry, ...args], {
    env: { ...process.env, SADDLE_STORE: store, NODE_OPTIONS: '' },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const out = { stdout: '', stderr: '' }
  child.stdout.on('data', (piece: Buffer) => (out.stdout += piece.toString()))
  child.stderr.on('data', (piece: Buffer) => (out.stderr += piece.toString()))
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  return { child, out, ended }
}

describe('saddle as a process', () => {
  it('trains and measures for real', async () => {
    const args = ['run', '--json', '--set', 'train.epochs=2', '--set', 'measure=[{"kind":"trace"}]']
    const { out, ended } = saddle(args, temporaryFolder())
    expect(await ended).toBe(0)
    const [detail] = JSON.parse(out.stdout).runs
    expect(detail.summary.status).toBe('finished')
    expect(detail.measurements[0].standardError).toBeGreaterThan(0)
    expect(detail.provenance.runtime).toContain('onnxruntime-node')
  })

  it(
    'SIGINT to the whole group, as from a terminal, checkpoints and exits with 130',
    { timeout: 60_000 },
    async () => {
      const store = temporaryFolder()
      const args = ['run', '--json', '--set', 'train.epochs=4000', '--set', 'measure=[]']
      const child = spawn(process.execPath, [entry, ...args], {
        env: { ...process.env, SADDLE_STORE: store, NODE_OPTIONS: '' },
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let stdout = ''
      let stderr = ''
      child.stdout.on('data', (piece: Buffer) => (stdout += piece.toString()))
      child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()))
      const ended = new Promise((resolve) => child.on('close', resolve))
      // A line of progress comes every five seconds.
      await expect.poll(() => stderr, { timeout: 40_000 }).toMatch(/ · training · \d/)
      process.kill(-child.pid!, 'SIGINT')
      expect(await ended).toBe(130)
      const [{ summary, artifacts }] = JSON.parse(stdout).runs
      expect(summary.status).toBe('cancelled')
      expect(artifacts.some(({ kind }: { kind: string }) => kind === 'checkpoint')).toBe(true)
    },
  )

  it('serve goes on until SIGTERM, then leaves nothing behind', async () => {
    const store = temporaryFolder()
    const { child, out, ended } = saddle(['serve', '--no-open', '--json'], store)
    await expect.poll(() => out.stdout, { timeout: 10_000 }).toContain('}')
    const { url, signInUrl, pid } = JSON.parse(out.stdout)
    expect(pid).toBe(child.pid)
    expect((await fetch(url)).status).toBe(401)
    expect((await fetch(signInUrl, { redirect: 'manual' })).status).toBe(302)
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })

  it('a reader that stops early is no error', async () => {
    const { child, out, ended } = saddle(['schema'], temporaryFolder())
    child.stdout.destroy()
    expect(await ended).toBe(0)
    expect(out.stderr).toBe('')
  })

  it('an old Node is told so in one line', async () => {
    const { readFileSync } = await import('node:fs')
    const source = readFileSync(entry, 'utf8')
    expect(source).not.toMatch(/^import/m)
    const old = source.replaceAll('process.versions.node', "'22.18.0'")
    const child = spawn(process.execPath, ['--input-type=module', '--eval', old])
    let stderr = ''
    child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()))
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(1)
    expect(stderr).toMatch(/^error: Saddle needs Node 24 or later, [^\n]+\n$/)
  })
})
