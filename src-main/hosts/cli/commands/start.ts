import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { monotonicMs } from '#base'
import type { AddCommand, CliContext } from '../context.ts'
import { findDesktop } from '../electron-binary.ts'
import { exitCode } from '../io.ts'
import { integer, storeOption } from '../options.ts'
import { open, serveUntilInterrupted } from '../serving.ts'

interface Options {
  readonly port: number
  readonly store?: string
  readonly open: boolean
}

/** A desktop that ends with an error so soon never came up. */
const startupMs = 10_000

export const addStart: AddCommand = (program, context) => {
  program
    .command('start')
    .description('open the desktop, or the browser where Electron cannot be had')
    .option('--port <number>', 'port for the browser; 0 for a free one', integer(0, 65_535), 0)
    .addOption(storeOption())
    .option('--no-open', 'do not open a browser')
    .action(async (options: Options) => {
      const storeFolder = context.storeFolder(options.store)
      const desktop = findDesktop(context.io, context.services)
      if (desktop.binary === null) {
        await startBrowser(context, storeFolder, options, desktop.reason)
        return
      }
      context.notice(`starting the desktop: ${desktop.binary}`)
      const problem = await runDesktop(context, desktop.binary, storeFolder)
      if (problem !== null) await startBrowser(context, storeFolder, options, problem)
    })
}

/** Null if the desktop came up; how it ended is then the command's end. */
function runDesktop(
  { io, services, end }: CliContext,
  binary: string,
  storeFolder: string,
): Promise<string | null> {
  const startedMs = monotonicMs()
  return new Promise((resolve) => {
    const child = spawn(binary, [services.paths.appFolder], {
      stdio: 'inherit',
      env: { ...io.env, SADDLE_STORE: storeFolder },
    })
    const stopListening = io.onInterrupt(() => child.kill())
    child.once('error', (error) => {
      stopListening()
      resolve(`Electron cannot be started: ${error.message}`)
    })
    child.once('exit', (code, signal) => {
      stopListening()
      if (code !== null && code !== 0 && monotonicMs() - startedMs < startupMs) {
        resolve(`Electron ended at once with exit code ${String(code)}`)
        return
      }
      if (code !== 0 && signal === null) end(exitCode.failed)
      resolve(null)
    })
  })
}

async function startBrowser(
  context: CliContext,
  storeFolder: string,
  options: Options,
  reason: string,
): Promise<void> {
  context.notice(`starting in the browser, because ${reason}`)
  const running = await context.services.findEngine(storeFolder)
  if (running === null) {
    await serveUntilInterrupted(context, {
      storeFolder,
      host: '127.0.0.1',
      port: options.port,
      allowRemote: false,
      opensBrowser: options.open,
      asJson: false,
    })
    return
  }
  running.client.close()
  context.notice(`an engine runs already (process ${String(running.pid)})`)
  context.print(running.signInUrl)
  if (options.open) await open(context, running.signInUrl, join(storeFolder, 'open.html'))
}
