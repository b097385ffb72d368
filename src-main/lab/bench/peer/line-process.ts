import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { createInterface } from 'node:readline'

const stderrLimit = 4 * 1024
/** How long a process may take to end once its input has. */
const endMs = 5_000

/** A process that answers each line on its standard input by one line on its standard output. */
export class LineProcess {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: string[] = []
  readonly #ended: Promise<void>
  #stderr = ''
  #end: string | null = null
  #wake: () => void = () => {}

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: 'pipe' })
    this.#child.stdin.on('error', () => {}) // the process is gone; its end says more
    this.#child.stderr.on('data', (piece: Buffer) => {
      this.#stderr = (this.#stderr + piece.toString('utf8')).slice(-stderrLimit)
    })
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.#lines.push(line)
      this.#wake()
    })
    this.#ended = new Promise((resolve) => {
      const end = (reason: string) => {
        this.#end ??= reason
        this.#wake()
        resolve()
      }
      this.#child.on('error', (error) => end(error.message))
      this.#child.on('close', (code, signal) =>
        end(signal === null ? `it ended with code ${String(code)}` : endedBy(signal)),
      )
    })
  }

  /**
   * The next line.
   *
   * @returns Null if the process ended before; {@link endNote} says how.
   */
  async read(): Promise<string | null> {
    for (;;) {
      const line = this.#lines.shift()
      if (line !== undefined) return line
      if (this.#end !== null) return null
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  write(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  /** How the process ended, with the last it wrote to standard error. */
  get endNote(): string {
    const words = this.#stderr.trim()
    return words === '' ? (this.#end ?? 'it runs') : `${this.#end ?? 'it runs'}: ${words}`
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Closes its input and waits for its end; ends it if that takes too long. */
  async close(): Promise<void> {
    this.#child.stdin.end()
    const timer = setTimeout(() => this.kill(), endMs)
    await this.#ended
    clearTimeout(timer)
  }
}

/** Nobody but the system ends a process so that we wait for: it does when memory runs out. */
const endedBy = (signal: NodeJS.Signals): string =>
  `it was ended by ${signal}${signal === 'SIGKILL' ? ' (out of memory?)' : ''}`
