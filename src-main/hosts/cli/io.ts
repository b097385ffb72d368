/** Where text goes. */
export interface TextSink {
  write(text: string): unknown
}

/** What a command line has to do with the world. */
export interface CliIo {
  /** Results. */
  readonly stdout: TextSink
  /** Progress and notices. */
  readonly stderr: TextSink
  readonly stdin: AsyncIterable<Uint8Array | string>
  /** Whether a person watches stderr. */
  readonly isTerminal: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly platform: string
  /** Hears Ctrl-C and requests to end; returns the function that stops listening. */
  onInterrupt(listener: () => void): () => void
}

/** Exit codes: the whole vocabulary. */
export const exitCode = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const
export type ExitCode = (typeof exitCode)[keyof typeof exitCode]

/** Wrong usage or input: the message names flag, key or file and what is allowed. */
export class UsageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'UsageError'
  }
}
