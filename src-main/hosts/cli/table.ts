/** Rows under a head, in columns as wide as their widest entry; numbers to the right. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(...[head, ...rows].map((row) => textWidth(row[column] ?? title))),
  )
  const isNumeric = head.map((_, column) =>
    rows.every((row) => /^(?:[-−+]?\d+(?:\.\d+)?(?:e[-+]\d+)?|–|)$/.test(row[column] ?? '')),
  )
  const line = (row: readonly string[]) =>
    row
      .map((entry, column) => {
        const padding = ' '.repeat(Math.max(0, (widths[column] ?? 0) - textWidth(entry)))
        return isNumeric[column] === true ? padding + entry : entry + padding
      })
      .join('  ')
      .trimEnd()
  return [head, ...rows].map(line).join('\n')
}

const graphemes = new Intl.Segmenter()

const textWidth = (text: string): number => Array.from(graphemes.segment(text)).length

/** A number with four significant digits; a dash for none. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–'
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  if (size !== 0 && (size >= 1e6 || size < 1e-4)) return value.toExponential(3)
  return String(Number(value.toPrecision(4)))
}

/** Milliseconds as `12.3 s`, `4:05 min` or `2:10:00 h`. */
export function formatDuration(ms: number): string {
  const seconds = ms / 1_000
  if (seconds < 1) return `${String(Math.round(ms))} ms`
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0')
  const minutes = seconds / 60
  if (minutes < 60) return `${String(Math.floor(minutes))}:${two(seconds % 60)} min`
  return `${String(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)} h`
}
