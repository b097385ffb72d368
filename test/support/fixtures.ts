import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '..', 'reference')

/** Path of a fixture under test/reference. */
export const fixturePath = (...parts: readonly string[]): string => join(folder, ...parts)

/** Bytes of a fixture. */
export const fixtureBytes = (...parts: readonly string[]): Uint8Array =>
  readFileSync(fixturePath(...parts))

/** What make-fixtures.py computed for one network, in float64. */
export interface NetworkGolden {
  readonly network: {
    readonly kind: 'mlp'
    readonly widths: number[]
    readonly activation: 'tanh' | 'relu' | 'gelu' | 'softplus' | 'identity'
    readonly bias: boolean
  }
  readonly loss: 'cross-entropy' | 'squared-error'
  readonly value: number
  readonly gradient: number[]
  readonly product: number[]
  readonly top: number[]
  readonly bottom: number[]
  readonly trace: number
  readonly squaredNorm: number
}

/** Names of the networks made by PyTorch. */
export const networkNames = [
  'tanh-ce',
  'gelu-ce',
  'softplus-mse',
  'relu-ce',
  'tanh-mse-no-bias',
  'linear-mse',
] as const

export const networkGolden = (name: string): NetworkGolden =>
  JSON.parse(readFileSync(fixturePath('networks', `${name}.json`), 'utf8')) as NetworkGolden
