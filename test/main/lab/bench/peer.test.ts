import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { StoppedError } from '#base'
import { Peer, PeerError } from '#lab/bench'

/** A program that speaks the protocol, well or badly. */
function speaker(source: string): { python: string; script: string } {
  const folder = mkdtempSync(join(tmpdir(), 'saddle-peer-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const script = join(folder, 'speaker.mjs')
  writeFileSync(script, source)
  return { python: process.execPath, script }
}

const ready = `console.log('{"ready":{"python":"3","torch":"2","threads":1,"libraries":{}}}')\n`
const answering = (body: string) =>
  `import { createInterface } from 'node:readline'\n${ready}` +
  `createInterface({ input: process.stdin }).on('line', (line) => { ${body} })`

async function start(source: string, signal?: AbortSignal): Promise<Peer> {
  const peer = await Peer.start({ ...speaker(source), signal })
  onTestFinished(() => peer.close())
  return peer
}

describe('Peer', () => {
  it('that is no program is a mistake of the caller', async () => {
    const starting = Peer.start({ python: '/no/such/python', script: 'x.py' })
    await expect(starting).rejects.toThrow(
      '--peers: /no/such/python cannot be run: spawn /no/such/python ENOENT',
    )
  })

  it('that ends at once is refused with what it said', async () => {
    const starting = Peer.start(speaker(`console.error('not my language'); process.exit(3)`))
    await expect(starting).rejects.toThrow(/cannot be run: it ended with code 3: not my language/)
  })

  it('without PyTorch is refused with the reason', async () => {
    const starting = Peer.start(speaker(`console.log('{"missing":"No module named torch"}')`))
    await expect(starting).rejects.toThrow(
      /must have PyTorch 2\.0 or later and NumPy: No module named torch/,
    )
  })

  it('gives the time of a work', async () => {
    const peer = await start(
      answering(
        `const { repeat } = JSON.parse(line); console.log(JSON.stringify({ ms: 2 * repeat }))`,
      ),
    )
    expect(peer.versions).toEqual({ python: '3', torch: '2', threads: 1, libraries: {} })
    const vmap = peer.contestant('vmap', 8)
    expect(vmap.units).toBe(8)
    expect(await vmap.run(1, 5)).toBe(10)
    expect(peer.contestant('step', 1).units).toBe(1)
  })

  it('that fails says why', async () => {
    const peer = await start(answering(`console.log('{"error":"out of memory"}')`))
    await expect(peer.contestant('step', 1).run(0, 1)).rejects.toThrow(
      new PeerError('the peer failed: out of memory'),
    )
  })

  it('that breaks off says so, with its last words', async () => {
    const peer = await start(answering(`console.error('killed'); process.exit(9)`))
    await expect(peer.contestant('step', 1).run(0, 1)).rejects.toThrow(
      new PeerError('the peer broke off: it ended with code 9: killed'),
    )
  })

  it('that the system ends may have run out of memory', async () => {
    const peer = await start(answering(`process.kill(process.pid, 'SIGKILL')`))
    await expect(peer.contestant('vmap', 8).run(0, 1)).rejects.toThrow(
      'the peer broke off: it was ended by SIGKILL (out of memory?)',
    )
  })

  it('that answers nonsense is refused', async () => {
    const peer = await start(answering(`console.log('hello')`))
    await expect(peer.contestant('step', 1).run(0, 1)).rejects.toThrow('the peer answered hello')
  })

  it('is ended by the signal in the midst of a work', async () => {
    const stop = new AbortController()
    const peer = await start(answering(`setTimeout(() => {}, 60_000)`), stop.signal)
    const running = peer.contestant('step', 1).run(0, 1)
    stop.abort()
    await expect(running).rejects.toThrow(StoppedError)
  })
})
