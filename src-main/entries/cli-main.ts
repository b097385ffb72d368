import { createCli, type CliIo } from '#hosts/cli'
import { createServices } from './services.ts'

/** Time that a command which has ended leaves to what still holds the process. */
const lingerMs = 2_000

/** Runs the command line of this process. */
export async function main(): Promise<void> {
  // A reader that has seen enough, e.g. `saddle list | head`, is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1)
  })
  const cli = createCli(processIo(), createServices(process.env))
  process.exitCode = await cli.run(process.argv.slice(2))
  setTimeout(() => process.exit(), lingerMs).unref()
}

function processIo(): CliIo {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    isTerminal: process.stderr.isTTY,
    env: process.env,
    cwd: process.cwd(),
    platform: process.platform,
    onInterrupt(listener) {
      let count = 0
      const hear = () => {
        count += 1
        if (count > 1) process.exit(130)
        listener()
      }
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, hear)
      return () => {
        for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, hear)
      }
    },
  }
}
