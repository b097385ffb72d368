import { InputError } from '#base'
import type { Activation } from './activations.ts'
import type { Initialization } from './initializations.ts'
import { buildModel, type Model } from './model.ts'

/**
 * A fully connected network by all its widths, input first and output last.
 *
 * @param options.targets - Whether the outputs stand for classes or for values.
 * @throws InputError if there are fewer than two widths.
 */
export function fullyConnected(options: {
  readonly widths: readonly number[]
  readonly activation: Activation
  readonly bias: boolean
  readonly targets: 'classes' | 'values'
  readonly initialization?: Initialization | undefined
}): Model {
  const { widths, activation, bias, targets, initialization = 'pytorch' } = options
  if (widths.length < 2) {
    throw new InputError('widths', `widths must name 2 layers or more, got ${widths.length}`)
  }
  const count = widths.at(-1)!
  return buildModel(
    { kind: 'mlp', hidden: widths.slice(1, -1), activation, bias, residual: false },
    {
      features: { kind: 'values', shape: [widths[0]!] },
      targets:
        targets === 'classes'
          ? { kind: 'classes', count, perSample: 1 }
          : { kind: 'values', count },
    },
    { initialization, parameterization: { kind: 'standard' } },
  )
}
