import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { StoppedError } from '#base'
import type { BenchOptions } from '#lab/bench'
import { computeSchema } from '#shared/schemas'
import type { AddCommand, CliContext } from '../context.ts'
import { benchText } from '../describe-bench.ts'
import { casesText } from '../describe-cases.ts'
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
  readonly case: readonly string[]
  readonly rounds: number
  readonly out?: string
  readonly json?: true
}

/** Where and against whom a bench runs. */
type Site = Omit<BenchOptions, 'workloads' | 'samples'>

interface Measured {
  readonly report: unknown
  readonly text: string
}

export const addBench: AddCommand = (program, context) => {
  program
    .command('bench')
    .description('time fixed workloads on this machine, against PyTorch if there is one')
    .argument('[workload...]', 'W1 … W6; all of them, or all of the cases, if none is named')
    .option('--peers <python>', 'a Python with PyTorch that takes turns with us')
    .option('--samples <number>', 'samples of each time', integer(3, 1_000), 15)
    .option(
      '--case <case>',
      'whole measurements instead: top10 (eigenvalues of W2 and W4), density (of a network for digits)',
      (value: string, before: readonly string[]) => [...before, ...value.split(',')],
      [],
    )
    .option('--rounds <number>', 'runs of each contestant of a case', integer(1, 100), 3)
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
  const measure = await measurementOf(context, names, options)
  const runtime = await services.openRuntime(
    computeSchema.parse({ device: options.device, runtime: options.runtime }),
  )
  const stop = new AbortController()
  const stopListening = io.onInterrupt(() => stop.abort())
  try {
    const { report, text } = await measure({
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
    else context.print(text)
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error
    context.notice('stopped; nothing is reported')
    context.end(exitCode.interrupted)
  } finally {
    stopListening()
  }
}

/** Checks what is asked for before anything is opened; gives what measures it. */
async function measurementOf(
  { services }: CliContext,
  names: readonly string[],
  { case: wanted, samples, rounds }: Options,
): Promise<(site: Site) => Promise<Measured>> {
  const bench = await services.bench()
  if (wanted.length === 0) {
    const workloads = bench.workloadsNamed(names)
    return async (site) => {
      const report = await bench.runBench({ ...site, workloads, samples })
      return { report, text: benchText(report) }
    }
  }
  const cases = wanted.map((name) => {
    const known = bench.benchCases.find((one) => one === name)
    if (known !== undefined) return known
    throw new UsageError(`--case: no case ${name}; there are ${bench.benchCases.join(', ')}`)
  })
  const problems = bench.problemsNamed(bench.standardProblems, names)
  const density = bench.digitsProblem(join(services.paths.appFolder, 'resources', 'data'))
  return async (site) => {
    const report = await bench.runCases({ ...site, cases, problems, density, rounds })
    return { report, text: casesText(report) }
  }
}

const torchScript = (appFolder: string): string =>
  join(appFolder, 'resources', 'peers', 'torch-peer.py')
