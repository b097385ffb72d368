import { InvalidArgumentError } from 'commander'
import { nearestName } from '#shared/schemas'

/** What `--density` says. */
export interface DensitySettings {
  readonly probes: number
  readonly steps: number
  readonly out: string | undefined
}

/** Reads `probes=64`. */
export function traceSettings(text: string): { readonly probes: number } {
  const settings = parseSettings(text, ['probes'])
  return { probes: count(settings, 'probes', 64, 100_000) }
}

/** Reads `probes=10,steps=80,out=density.json`; each may be left out. */
export function densitySettings(text: string): DensitySettings {
  const settings = parseSettings(text, ['probes', 'steps', 'out'])
  return {
    probes: count(settings, 'probes', 10, 1_000),
    steps: count(settings, 'steps', 80, 1_000),
    out: settings.get('out'),
  }
}

function parseSettings(text: string, names: readonly string[]): ReadonlyMap<string, string> {
  const settings = new Map<string, string>()
  for (const part of text.split(',')) {
    const [name = '', ...rest] = part.split('=')
    if (!names.includes(name)) {
      const near = nearestName(name, names)
      const hint = near === null ? `Allowed: ${names.join(', ')}.` : `Did you mean ${near}?`
      throw new InvalidArgumentError(`Unknown setting ${JSON.stringify(name)}. ${hint}`)
    }
    if (rest.length === 0) throw new InvalidArgumentError(`${name} wants a value: ${name}=…`)
    settings.set(name, rest.join('='))
  }
  return settings
}

function count(
  settings: ReadonlyMap<string, string>,
  name: string,
  fallback: number,
  maximum: number,
): number {
  const text = settings.get(name)
  if (text === undefined) return fallback
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 2 && value <= maximum) return value
  throw new InvalidArgumentError(`${name} must be an integer in 2…${String(maximum)}, got ${text}.`)
}
