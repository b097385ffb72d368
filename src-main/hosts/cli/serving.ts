import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { ApiError } from '#shared/errors'
import type { CliContext } from './context.ts'
import { openBrowser } from './open-browser.ts'

/** How the engine is served. */
export interface ServingOptions {
  readonly storeFolder: string
  readonly host: string
  readonly port: number
  readonly allowRemote: boolean
  readonly opensBrowser: boolean
  readonly asJson: boolean
}

/**
 * Serves the engine of a store until it is interrupted.
 *
 * @throws ApiError `store-in-use` naming who has it; InputError for a port or host that cannot be had.
 */
export async function serveUntilInterrupted(
  context: CliContext,
  options: ServingOptions,
): Promise<void> {
  const { io, services, logger } = context
  const { storeFolder, host, port, allowRemote } = options
  const interrupted = new Promise<void>((resolve) => {
    io.onInterrupt(resolve)
  })
  const running = await services.findEngine(storeFolder)
  if (running !== null) {
    running.client.close()
    const message = `the store ${storeFolder} is served already by process ${String(running.pid)} at ${running.url}`
    throw new ApiError('store-in-use', message, { pid: running.pid, url: running.url })
  }
  const lab = await services.openLab(storeFolder, 'work', logger)
  try {
    const server = await services.startServer({ lab, logger, host, port, allowRemote })
    const redirectFile = join(storeFolder, `open-${String(server.port)}.html`)
    try {
      announce(context, options, server)
      if (options.opensBrowser) await open(context, server.signInUrl, redirectFile)
      await interrupted
      context.notice('ending; runs that are going on stop after a checkpoint')
    } finally {
      rmSync(redirectFile, { force: true })
      await server.close()
    }
  } finally {
    await lab.dispose()
  }
}

function announce(
  context: CliContext,
  { storeFolder, asJson }: ServingOptions,
  { url, signInUrl, port }: { url: string; signInUrl: string; port: number },
): void {
  if (asJson) {
    context.printJson({ url, signInUrl, port, pid: process.pid, store: storeFolder })
    return
  }
  context.print(signInUrl)
  context.notice(`Saddle serves the store ${storeFolder} at the address above; Ctrl-C ends it.`)
}

/** Opens the browser; that it cannot be opened is no failure. */
export async function open(
  context: CliContext,
  signInUrl: string,
  redirectFile: string,
): Promise<void> {
  const problem = await openBrowser(context.io, signInUrl, redirectFile)
  if (problem !== null) {
    context.notice(`no browser could be opened (${problem}); visit ${signInUrl}`)
  }
}
