import type { Command } from 'commander'
import { resolve } from 'node:path'
import { lineLogger, type Logger } from '#base'
import { exitCode, type CliIo, type ExitCode } from './io.ts'
import type { CliServices } from './services.ts'

/** What each command is given. */
export interface CliContext {
  readonly io: CliIo
  readonly services: CliServices
  /** Warnings go to stderr, news nowhere. */
  readonly logger: Logger
  /** The store's folder that an option or the environment names. */
  storeFolder(option: string | undefined): string
  /** Writes a result. */
  print(text: string): void
  /** Writes the one JSON document. */
  printJson(value: unknown): void
  /** Writes a notice. */
  readonly notice: (text: string) => void
  /** Sets how the command ends; 0 unless set. */
  readonly end: (code: ExitCode) => void
  readonly outcome: { code: ExitCode; hasJson: boolean }
}

/** Adds one command. */
export type AddCommand = (program: Command, context: CliContext) => void

/** A context for one command line. */
export function cliContext(io: CliIo, services: CliServices): CliContext {
  const outcome: CliContext['outcome'] = { code: exitCode.done, hasJson: false }
  const notice = (text: string) => void io.stderr.write(`${text}\n`)
  return {
    io,
    services,
    outcome,
    notice,
    logger: { ...lineLogger(notice), info: () => {} },
    storeFolder: (option) => resolve(io.cwd, option ?? services.defaultStore),
    print: (text) => void io.stdout.write(`${text}\n`),
    printJson(value) {
      outcome.hasJson = true
      io.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
    },
    end(code) {
      outcome.code = code
    },
  }
}
