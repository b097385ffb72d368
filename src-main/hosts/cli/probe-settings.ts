import { InvalidArgumentError } from 'commander'
import { nearestName } from '#shared/schemas'

/** What `--trace` says. */
export interface TraceSettings {
  readonly probes: number
  readonly method: TraceMethod
  readonly precision?: number
}

/** What `--density` says. */
export interface DensitySettings {
  readonly probes: number
  readonly steps: number
  readonly outliers: number
  readonly out: string | undefined
}

const traceMethods = ['hutchinson', 'hutch++', 'xtrace'] as const
type TraceMethod = (typeof traceMethods)[number]

/** Reads `probes=64,method=xtrace,precision=0.02`; each may be left out. */
export function traceSettings(text: string): TraceSettings {
  const settings = parseSettings(text, ['probes', 'method', 'precision'])
  const probes = count(settings, 'probes', 64, [2, 100_000])
  const given = settings.get('method') ?? 'hutchinson'
  const method = traceMethods.find((name) => name === given)
  if (method === undefined) {
    throw new InvalidArgumentError(
      `method must be one of ${traceMethods.join(', ')}, got ${given}.`,
    )
  }
  const share = settings.get('precision')
  if (share === undefined) return { probes, method }
  const precision = Number(share)
  if (!(precision > 0 && precision <= 0.5)) {
    throw new InvalidArgumentError(`precision must be above 0 and at most 0.5, got ${share}.`)
  }
  return { probes, method, precision }
}

/** Reads `probes=10,steps=80,outliers=10,out=density.json`; each may be left out. */
export function densitySettings(text: string): DensitySettings {
  const settings = parseSettings(text, ['probes', 'steps', 'outliers', 'out'])
  return {
    probes: count(settings, 'probes', 10, [2, 1_000]),
    steps: count(settings, 'steps', 80, [2, 1_000]),
    outliers: count(settings, 'outliers', 0, [0, 200]),
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
  [least, most]: readonly [number, number],
): number {
  const text = settings.get(name)
  if (text === undefined) return fallback
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new InvalidArgumentError(
    `${name} must be an integer in ${String(least)}…${String(most)}, got ${text}.`,
  )
}
