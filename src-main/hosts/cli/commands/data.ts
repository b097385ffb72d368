import { dataCardEntries, formatCount } from '#shared/figures'
import type { ExperimentDescription } from '#shared/contract'
import type { AddCommand } from '../context.ts'
import { gather, jsonOption, seed } from '../options.ts'
import { checkSpec, readSpec } from '../spec-input.ts'

interface Options {
  readonly set?: readonly string[]
  readonly seed?: number
  readonly json?: true
}

export const addData: AddCommand = (program, context) => {
  program
    .command('data')
    .description('look at the data and the network of an experiment without running it')
    .argument('[spec]', 'JSON file with the experiment, - for stdin; left out: the defaults')
    .option(
      '--set <path=value>',
      'set a key, e.g. data.kind=mnist; may be repeated',
      gather((text) => text),
    )
    .option('--seed <number>', 'seed in place of the spec’s first', seed)
    .addOption(jsonOption())
    .action(async (file: string | undefined, options: Options) => {
      const given = await readSpec(context.io, { file, set: options.set ?? [], seeds: [] })
      const spec = await checkSpec(given)
      const own = options.seed ?? spec.seeds[0] ?? 0
      const description = await context.services.describeExperiment(spec, own)
      if (options.json) context.printJson({ seed: own, ...description })
      else context.print(textOf(description, own))
    })
}

function textOf({ dataCard, modelLabel, parameterCount }: ExperimentDescription, seed: number) {
  const lines = [
    ...dataCardEntries(dataCard),
    { term: 'Network', value: modelLabel },
    { term: 'Parameters', value: formatCount(parameterCount) },
    { term: 'Seed', value: String(seed) },
  ].map(({ term, value }) => [term.charAt(0).toLowerCase() + term.slice(1), value] as const)
  const width = Math.max(...lines.map(([term]) => term.length))
  return lines.map(([term, value]) => `${term.padEnd(width)}  ${value}`).join('\n')
}
