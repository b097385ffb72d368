import { affine } from '#learn/layers'
import type { Tracer } from '#tensor/program'
import type { WeightRole } from './draws.ts'
import type { Scope } from './scope.ts'

/**
 * An affine layer with parameters `weight` `[outputs, in]` and `bias` `[outputs]`.
 *
 * @param x - `[rows, in]`.
 * @returns `[rows, outputs]`.
 */
export function linear(
  scope: Scope,
  x: Tracer,
  outputs: number,
  options: { readonly role: WeightRole; readonly bias: boolean },
): Tracer {
  const { role, bias } = options
  const fanIn = x.shape[1]!
  const weight = scope.parameter('weight', [outputs, fanIn], {
    kind: 'weight',
    role,
    fanIn,
    fanOut: outputs,
  })
  const shift = bias ? scope.parameter('bias', [outputs], { kind: 'bias', fanIn }) : null
  return scope.tap({
    kind: 'affine',
    weight: 'weight',
    bias: bias ? 'bias' : null,
    input: x,
    output: affine(x, { weight, bias: shift }),
  })
}
