/** Where a component writes what happened; never a result. */
export interface Logger {
  info(message: string): void
  warn(message: string): void
  error(message: string, cause?: unknown): void
}

/** Drops everything. */
export const silentLogger: Logger = { info: () => {}, warn: () => {}, error: () => {} }

/** Writes one line an entry, e.g. to stderr. */
export function lineLogger(write: (line: string) => void): Logger {
  return {
    info: (message) => {
      write(message)
    },
    warn: (message) => {
      write(`warning: ${message}`)
    },
    error: (message, cause) => {
      write(`error: ${message}`)
      if (cause instanceof Error && cause.stack !== undefined) write(cause.stack)
    },
  }
}
