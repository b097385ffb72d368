import type { FigureTable } from './option.ts'

/** RFC 4180 text of a table, numbers in full; a text that a spreadsheet would run as a formula is defused. */
export function tableCsv({ columns, rows }: FigureTable): string {
  const cell = (value: number | string | null): string => {
    if (value === null) return ''
    if (typeof value === 'number') return String(value)
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
  }
  return [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}
