import { sizeOf } from '#tensor/dense'
import { countConv } from './convolution.ts'
import { isElementwise } from './primitives.ts'
import type { Equation, Program } from './types.ts'

/** Floating-point operations of an equation: 2 per multiply-add of a dot or conv, 1 per elementwise entry. */
export function operationsOf(equation: Equation): number {
  const size = sizeOf(equation.output.type.shape)
  if (equation.primitive === 'conv') {
    return 2 * countConv(equation.output.type, equation.inputs[1]!.type, equation.params)
  }
  if (equation.primitive === 'dot') {
    const lhs = equation.inputs[0]!.type.shape
    return 2 * size * sizeOf(equation.params.lhsContract.map((axis) => lhs[axis]!))
  }
  return isElementwise(equation.primitive) ? size : 0
}

/** Floating-point operations of one evaluation. */
export const countOperations = (program: Program): number =>
  program.equations.reduce((total, equation) => total + operationsOf(equation), 0)
