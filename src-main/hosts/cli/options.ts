import { InvalidArgumentError, Option } from 'commander'
import {
  computeDeviceSchema,
  computeRuntimeSchema,
  type ComputeChange,
  type ComputeRequest,
} from '#shared/schemas'

/** Reads an integer of a range. */
export const integer =
  (minimum: number, maximum: number) =>
  (text: string): number => {
    const value = Number(text)
    if (/^-?\d+$/.test(text) && value >= minimum && value <= maximum) return value
    throw new InvalidArgumentError(
      `It must be an integer in ${String(minimum)}…${String(maximum)}.`,
    )
  }

/** Reads a number above zero. */
export function positiveNumber(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value
  throw new InvalidArgumentError('It must be a number above 0.')
}

/** Gathers the values of an option that may come more than once. */
export const gather = <T>(parse: (text: string) => T) => {
  return (text: string, before: readonly T[] | undefined): readonly T[] => [
    ...(before ?? []),
    parse(text),
  ]
}

export const seed = integer(0, 2 ** 32 - 1)

/** What {@link deviceOption} and {@link runtimeOption} give. */
export interface ComputeOptions {
  readonly device?: ComputeRequest['device']
  readonly runtime?: ComputeRequest['runtime']
}

export const deviceOption = (): Option =>
  new Option(
    '--device <device>',
    'where to compute; auto takes the fastest there is, cpu is bit-reproducible',
  ).choices(computeDeviceSchema.options)

export const runtimeOption = (): Option =>
  new Option('--runtime <runtime>', 'library that computes').choices(computeRuntimeSchema.options)

/** What was said of device and runtime, as a part of a call; empty if nothing was. */
export function computeChange({ device, runtime }: ComputeOptions): { compute?: ComputeChange } {
  return device === undefined && runtime === undefined ? {} : { compute: { device, runtime } }
}

export const storeOption = (): Option => new Option('--store <folder>', 'folder of the store')
export const jsonOption = (): Option => new Option('--json', 'write one JSON document to stdout')
