import { spawn } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import type { CliIo } from './io.ts'

const openers: Readonly<Record<string, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

const answerMs = 3_000

/**
 * Opens the person's browser at an address that holds a secret.
 *
 * The browser is given a file that leads on, readable by its owner only: arguments of a process can
 * be read by everybody.
 *
 * @returns Null if it was opened, or why it was not.
 */
export async function openBrowser(
  io: CliIo,
  address: string,
  redirectFile: string,
): Promise<string | null> {
  const [command, ...args] = openers[io.platform] ?? ['xdg-open']
  try {
    rmSync(redirectFile, { force: true })
    const page = `<!doctype html><meta charset="utf-8"><title>Saddle</title><meta http-equiv="refresh" content="0;url=${address}"><a href="${address}">Open Saddle</a>\n`
    writeFileSync(redirectFile, page, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    return `cannot write ${redirectFile}: ${String(error)}`
  }
  return await new Promise((resolve) => {
    const child = spawn(command, [...args, pathToFileURL(redirectFile).href], {
      env: io.env,
      stdio: 'ignore',
      detached: true,
    })
    // Some openers stay as long as the browser: silence is success.
    const timer = setTimeout(() => {
      resolve(null)
    }, answerMs)
    const settle = (problem: string | null) => {
      clearTimeout(timer)
      resolve(problem)
    }
    child.once('error', (error) => {
      settle(`${command} cannot be started (${error.message})`)
    })
    child.once('exit', (code) => {
      settle(code === 0 ? null : `${command} ended with exit code ${String(code)}`)
    })
    child.unref()
  })
}
