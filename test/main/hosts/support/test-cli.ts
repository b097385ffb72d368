import { loadSamplesFile } from '#learn/datasets'
import { openLab } from '#lab/api'
import { createCli, type CliIo, type CliServices } from '#hosts/cli'
import { createServices } from '../../../../src-main/entries/services.ts'
import { countingWorker, describeHere, refuseGpus, temporaryFolder } from './test-lab.ts'

/** How a command line ended. */
export interface CliResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A command line in this process, whose runs count instead of training. */
export function testCli(options: Partial<CliIo> & { services?: Partial<CliServices> } = {}) {
  const store = temporaryFolder()
  const interrupts = new Set<() => void>()
  const { services: other, ...io } = options
  const services: CliServices = {
    ...createServices({ SADDLE_STORE: store }),
    openLab: (storeFolder, mode, logger) =>
      Promise.resolve(
        openLab({
          storeFolder,
          mode,
          logger,
          workerEntry: countingWorker,
          facts: { appVersion: '0.0.0-test', versions: {} },
          checkSamples: async ({ path }) => {
            await loadSamplesFile(path, { task: 'classification' })
          },
          describeExperiment: describeHere,
          checkCompute: refuseGpus,
        }),
      ),
    ...other,
  }

  /** Runs one line; words are split at blanks unless given as a list. */
  async function run(line: string | readonly string[], stdin = ''): Promise<CliResult> {
    const written = { stdout: '', stderr: '' }
    const cli = createCli(
      {
        stdout: { write: (text) => (written.stdout += text) },
        stderr: { write: (text) => (written.stderr += text) },
        stdin: (async function* () {
          await Promise.resolve()
          yield stdin
        })(),
        isTerminal: false,
        env: {},
        cwd: store,
        platform: 'linux',
        onInterrupt(listener) {
          interrupts.add(listener)
          return () => interrupts.delete(listener)
        },
        ...io,
      },
      services,
    )
    const code = await cli.run(typeof line === 'string' ? line.split(' ') : line)
    return { code, ...written }
  }

  return {
    run,
    store,
    services,
    interrupt: () => {
      for (const listener of [...interrupts]) listener()
    },
  }
}
