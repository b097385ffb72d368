const superscripts: Record<string, string> = {
  '-': '⁻',
  0: '⁰',
  1: '¹',
  2: '²',
  3: '³',
  4: '⁴',
  5: '⁵',
  6: '⁶',
  7: '⁷',
  8: '⁸',
  9: '⁹',
}

/** 10 to an integer power, e.g. `10⁻³`; `1` and `10` as themselves. */
export function formatPowerOfTen(exponent: number): string {
  if (exponent === 0) return '1'
  if (exponent === 1) return '10'
  return `10${Array.from(String(exponent), (digit) => superscripts[digit] ?? digit).join('')}`
}

/** The typographic minus sign and separators between thousands, e.g. `−12,345.6`. */
function dress(fixed: string): string {
  const [whole = '', fraction] = fixed.replace('-', '').split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  const isNegative = fixed.startsWith('-') && /[1-9]/.test(fixed)
  return `${isNegative ? '−' : ''}${grouped}${fraction === undefined ? '' : `.${fraction}`}`
}

const exponentOf = (value: number): number =>
  value === 0 ? 0 : Number(value.toExponential(12).split('e')[1])

const inWords = (value: number): string =>
  Number.isNaN(value) ? 'not a number' : value > 0 ? '∞' : '−∞'

/** A whole number with separators between thousands. */
export const formatCount = (value: number): string => dress(String(Math.round(value)))

/** A number to some significant digits without trailing zeros; in powers of ten when far from 1. */
export function formatNumber(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return inWords(value)
  if (value === 0) return '0'
  const rounded = Number(value.toPrecision(digits))
  const exponent = exponentOf(rounded)
  if (exponent >= -4 && exponent < 6) {
    const fixed = rounded.toFixed(Math.max(0, digits - 1 - exponent))
    return dress(fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed)
  }
  const mantissa = dress(String(Number((rounded / 10 ** exponent).toPrecision(digits))))
  return mantissa === '1' ? formatPowerOfTen(exponent) : `${mantissa}·${formatPowerOfTen(exponent)}`
}

/** Digits after the point that an uncertainty leaves standing: two digits of it if it begins below 3.55, else one. */
function decimalsFor(uncertainty: number): number {
  const exponent = exponentOf(uncertainty)
  const mantissa = uncertainty / 10 ** exponent
  if (mantissa >= 9.5) return -exponent
  return mantissa < 3.545 ? 1 - exponent : -exponent
}

function roundTo(value: number, decimals: number): string {
  if (decimals >= 0) return dress(value.toFixed(Math.min(100, decimals)))
  const unit = 10 ** -decimals
  return dress((Math.round(value / unit) * unit).toFixed(0))
}

/** A value and its uncertainty rounded alike, and the power of ten taken out of both. */
function rounded(value: number, uncertainty: number, mostDecimals = Infinity) {
  const exponent = exponentOf(Math.max(Math.abs(value), uncertainty))
  const shift = exponent < -4 || exponent >= 7 ? exponent : 0
  const unit = 10 ** shift
  const decimals = Math.min(decimalsFor(uncertainty / unit), mostDecimals + shift)
  return {
    value: roundTo(value / unit, decimals),
    uncertainty: roundTo(uncertainty / unit, decimals),
    shift,
  }
}

const hasUncertainty = (value: number, uncertainty: number): boolean =>
  Number.isFinite(value) && Number.isFinite(uncertainty) && uncertainty > 0

/**
 * `value ± uncertainty`, both to the digits that the uncertainty leaves standing.
 *
 * The uncertainty keeps two digits if it begins below 3.55 and one otherwise.
 *
 * @example
 * formatWithUncertainty(0.32897, 0.0004) // '0.3290 ± 0.0004'
 * @see Particle Data Group, Review of Particle Physics (2024), the section on rounding
 */
export function formatWithUncertainty(value: number, uncertainty: number): string {
  if (!hasUncertainty(value, uncertainty)) return formatNumber(value)
  const parts = rounded(value, uncertainty)
  const text = `${parts.value} ± ${parts.uncertainty}`
  return parts.shift === 0 ? text : `(${text})·${formatPowerOfTen(parts.shift)}`
}

/** A value to no more digits than an uncertainty (shown elsewhere) leaves standing, nor than `mostDigits`. */
export function formatToUncertainty(value: number, uncertainty: number, mostDigits = 7): string {
  if (!hasUncertainty(value, uncertainty)) return formatNumber(value, mostDigits)
  const parts = rounded(value, uncertainty, mostDigits - 1 - exponentOf(value))
  return parts.shift === 0 ? parts.value : `${parts.value}·${formatPowerOfTen(parts.shift)}`
}

/** A share as percent to at most one decimal, e.g. `96.4 %`. */
export const formatPercent = (share: number): string =>
  Number.isFinite(share) ? `${dress((share * 100).toFixed(1))} %` : inWords(share)

const two = (value: number): string => String(value).padStart(2, '0')

/** A duration in the two largest units that matter, e.g. `4 min 05 s`. */
export function formatDuration(durationMs: number): string {
  if (!Number.isFinite(durationMs)) return inWords(durationMs)
  const ms = Math.max(0, durationMs)
  if (ms < 999.5) return `${String(Math.round(ms))} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${String(Math.floor(seconds / 60))} min ${two(seconds % 60)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 1440) return `${String(Math.floor(minutes / 60))} h ${two(minutes % 60)} min`
  return `${String(Math.floor(minutes / 1440))} d ${String(Math.floor((minutes % 1440) / 60))} h`
}

/** A size in bytes in decimal units, e.g. `1.3 MB`. */
export function formatBytes(sizeBytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let size = sizeBytes
  let unit = 0
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000
    unit += 1
  }
  const text = unit === 0 || size >= 99.95 ? size.toFixed(0) : size.toFixed(1)
  return `${text} ${units[unit] ?? ''}`
}

/** An ISO 8601 time as `2026-01-31 14:05:06 UTC`. */
export const formatTime = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
