import { monotonicMs } from '#base'
import type { CliIo } from './io.ts'

/** Shows how far work is, on stderr. */
export interface ProgressLine {
  /** @param share - Done part in 0…1; null if unknown. */
  update(text: string, share: number | null): void
  /** Clears a bar that is on the screen. */
  end(): void
}

const barCells = 24
const terminalMs = 100
const plainMs = 5_000

/** A bar that moves on a terminal; elsewhere a line every five seconds. */
export function progressLine(io: CliIo): ProgressLine {
  const intervalMs = io.isTerminal ? terminalMs : plainMs
  let lastMs = io.isTerminal ? -Infinity : monotonicMs()
  let isShown = false
  return {
    update(text, share) {
      const now = monotonicMs()
      if (now - lastMs < intervalMs) return
      lastMs = now
      if (io.isTerminal) {
        io.stderr.write(`\r\u001b[2K${bar(share)} ${text}`)
        isShown = true
      } else {
        const percent = share === null ? '' : `${String(Math.floor(share * 100))} % `
        io.stderr.write(`${percent}${text}\n`)
      }
    },
    end() {
      if (isShown) io.stderr.write('\r\u001b[2K')
      isShown = false
    },
  }
}

function bar(share: number | null): string {
  const filled = Math.round(Math.max(0, Math.min(1, share ?? 0)) * barCells)
  return `[${'#'.repeat(filled)}${'.'.repeat(barCells - filled)}]`
}
