import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { StoppedError } from '#base'
import { computeSchema } from '#shared/schemas'
import type { AddCommand, CliContext } from '../context.ts'
import { benchText } from '../describe-bench.ts'
import { exitCode, UsageError } from '../io.ts'
import {
  deviceOption,
  integer,
  jsonOption,
  runtimeOption,
  type ComputeOptions,
} from '../options.ts'

interface Options extends ComputeOptions {
  readonly peers?: string
  readonly samples: number
  readonly out?: string
  readonly json?: true
}

export const addBench: AddCommand = (program, context) => {
  program
    .command('bench')
    .description('time fixed workloads on this machine, against PyTorch if there is one')
    .argument('[workload...]', 'W1 … W6; all of them if none is named')
    .option('--peers <python>', 'a Python with PyTorch that takes turns with us')
    .option('--samples <number>', 'samples of each time', integer(3, 1_000), 15)
    .option('--out <file>', 'write the JSON document to a file as well')
    .addOption(deviceOption())
    .addOption(runtimeOption())
    .addOption(jsonOption())
    .action(async (names: string[], options: Options) => {
      await bench(context, names, options)
    })
}

async function bench(context: CliContext, names: string[], options: Options): Promise<void> {
  const { io, services } = context
  const out = options.out === undefined ? null : resolve(io.cwd, options.out)
  if (out !== null && !existsSync(dirname(out))) {
    throw new UsageError(`--out: folder not found: ${dirname(out)}`)
  }
  const { runBench, workloadsNamed } = await services.bench()
  const workloads = workloadsNamed(names)
  const runtime = await services.openRuntime(
    computeSchema.parse({ device: options.device, runtime: options.runtime }),
  )
  const stop = new AbortController()
  const stopListening = io.onInterrupt(() => stop.abort())
  try {
    const report = await runBench({
      workloads,
      samples: options.samples,
      peer:
        options.peers === undefined
          ? null
          : { python: options.peers, script: torchScript(services.paths.appFolder) },
      runtime,
      version: services.facts.appVersion,
      signal: stop.signal,
      onProgress: context.notice,
    })
    if (out !== null) {
      await services.writeFileDurably(out, `${JSON.stringify(report, null, 2)}\n`)
    }
    if (options.json) context.printJson(report)
    else context.print(benchText(report))
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error
    context.notice('stopped; nothing is reported')
    context.end(exitCode.interrupted)
  } finally {
    stopListening()
  }
}

const torchScript = (appFolder: string): string =>
  join(appFolder, 'resources', 'peers', 'torch-peer.py')
