import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, type Browser } from '@playwright/test'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLogger } from '#base'
import { startServer } from '#hosts/http'
import { openTestLab, temporaryFolder } from '../support/test-lab.ts'

const executablePath = '/usr/bin/chromium'

/** A page of the interface that says what it could do. */
const page = `<!doctype html><meta charset="utf-8"><title>page</title><p id="said"></p>
<script type="module" src="./main.js"></script>`
const script = `
const said = document.querySelector('#said')
const socket = new WebSocket(\`ws://\${location.host}/rpc\`)
socket.onopen = () => socket.send('{"id":1,"method":"runs.list","args":{}}')
socket.onmessage = ({ data }) => (said.textContent = data)
socket.onerror = () => (said.textContent = 'refused')
said.style.color = 'red'
`

describe.skipIf(!existsSync(executablePath))('a real browser', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  })
  afterAll(() => browser.close())

  async function serve() {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'index.html'), page)
    writeFileSync(join(folder, 'main.js'), script)
    const lab = openTestLab({ mode: 'look' })
    return startServer({ lab, logger: silentLogger, staticFolder: folder })
  }

  it('is signed in by the redirect file, loses the token from its address, and calls', async () => {
    await using server = await serve()
    const redirect = join(temporaryFolder(), 'open.html')
    writeFileSync(redirect, `<meta http-equiv="refresh" content="0;url=${server.signInUrl}">`)
    const tab = await browser.newPage()
    await tab.goto(pathToFileURL(redirect).href)
    await tab.waitForURL(server.url)
    await tab.waitForFunction("document.querySelector('#said')?.textContent !== ''")
    expect(await tab.textContent('#said')).toContain('"runs":[]')
    expect(await tab.evaluate('document.cookie')).toBe('')
    await tab.reload()
    expect(await tab.title()).toBe('page')
    await tab.close()
  })

  it('is signed in by the printed address', async () => {
    await using server = await serve()
    const context = await browser.newContext()
    const tab = await context.newPage()
    await tab.goto(server.signInUrl)
    expect(tab.url()).toBe(server.url)
    expect(await tab.title()).toBe('page')
    await context.close()
  })

  it('of a person who is signed in does nothing for another site', async () => {
    await using server = await serve()
    await using stranger = await serve()
    const context = await browser.newContext({ bypassCSP: true })
    const tab = await context.newPage()
    await tab.goto(server.signInUrl)
    await tab.goto(stranger.signInUrl)
    // Another port of this host: the cookie is sent along, and must not be enough.
    const outcomes = await tab.evaluate(async (url: string) => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}rpc`)
      const opened = new Promise<string>((resolve) => {
        socket.onopen = () => resolve('opened')
        socket.onerror = () => resolve('refused')
      })
      const tried = (options: RequestInit) =>
        fetch(`${url}rpc/runs.list`, options).then(
          ({ type }) => type,
          () => 'refused',
        )
      return [
        await opened,
        await tried({ method: 'POST', body: '{}', credentials: 'include' }),
        await tried({ method: 'POST', body: '{}', headers: { 'x-saddle': '1' } }),
        await tried({ credentials: 'include' }),
      ]
    }, server.url)
    expect(outcomes).toEqual(['refused', 'refused', 'refused', 'refused'])
    await context.close()
  })
})
