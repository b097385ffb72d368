import { Command, CommanderError } from 'commander'
import { addBench } from './commands/bench.ts'
import { addCheck } from './commands/check.ts'
import { addData } from './commands/data.ts'
import { addDelete } from './commands/delete.ts'
import { addDoctor } from './commands/doctor.ts'
import { addList } from './commands/list.ts'
import { addProbe } from './commands/probe.ts'
import { addReport } from './commands/report.ts'
import { addResume } from './commands/resume.ts'
import { addRun } from './commands/run.ts'
import { addSchema } from './commands/schema.ts'
import { addServe } from './commands/serve.ts'
import { addShow } from './commands/show.ts'
import { addStart } from './commands/start.ts'
import { addWeights } from './commands/weights.ts'
import { cliContext, type AddCommand, type CliContext } from './context.ts'
import { failureOf } from './failure.ts'
import type { CliIo, ExitCode } from './io.ts'
import type { CliServices } from './services.ts'

const commands: readonly AddCommand[] = [
  addStart,
  addServe,
  addData,
  addRun,
  addResume,
  addList,
  addShow,
  addReport,
  addWeights,
  addDelete,
  addProbe,
  addCheck,
  addBench,
  addDoctor,
  addSchema,
]

/** The command line. */
export interface Cli {
  /** Runs one command line without its program's name; never rejects. */
  run(args: readonly string[]): Promise<ExitCode>
}

/** The command line over its services. */
export function createCli(io: CliIo, services: CliServices): Cli {
  return {
    async run(args) {
      const context = cliContext(io, services)
      const program = createProgram(context)
      try {
        await program.parseAsync([...args], { from: 'user' })
        return context.outcome.code
      } catch (error) {
        return report(context, error, args.includes('--json'))
      }
    },
  }
}

function createProgram(context: CliContext): Command {
  const program = new Command('saddle')
    .description('A laboratory for the geometry of neural-network loss landscapes.')
    .version(context.services.facts.appVersion)
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => void context.io.stdout.write(text),
      writeErr: (text) => void context.io.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
  for (const add of commands) add(program, context)
  return program
}

/** Says once what went wrong: in words on stderr, and for `--json` as the document on stdout. */
function report(context: CliContext, error: unknown, asJson: boolean): ExitCode {
  const { exit, error: wire } = failureOf(error)
  if (wire !== null) context.notice(`error: ${wire.message}`)
  if (exit === 0 || !asJson || context.outcome.hasJson) return exit
  const said =
    error instanceof CommanderError ? error.message.replace(/^error: /, '') : 'the command failed'
  context.printJson({ error: wire ?? { code: 'invalid-argument', message: said } })
  return exit
}
