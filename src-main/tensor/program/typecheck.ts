import { sameShape } from '#tensor/dense'
import { inferType } from './shape-rules.ts'
import { formatType, type Program, type Variable } from './types.ts'

/**
 * Derives every type again and checks that variables are assigned once and before use.
 *
 * @throws Error beginning `internal:` at the first equation that does not hold; a transformation made it.
 */
export function typecheckProgram(program: Program): void {
  const assigned = new Set<Variable>(program.inputs)
  const fail = (index: number, problem: string): never => {
    throw new Error(`internal: program ${program.name}, equation ${index}: ${problem}`)
  }
  program.equations.forEach((equation, index) => {
    if (equation.inputs.some((input) => !assigned.has(input))) {
      fail(index, `${equation.primitive} reads a variable that is not assigned yet`)
    }
    if (assigned.has(equation.output)) fail(index, 'assigns a variable twice')
    const derived = inferType(
      equation.primitive,
      equation.inputs.map((input) => input.type),
      equation.params,
    )
    const { type } = equation.output
    if (derived.dtype !== type.dtype || !sameShape(derived.shape, type.shape)) {
      fail(index, `${equation.primitive} gives ${formatType(derived)}, not ${formatType(type)}`)
    }
    assigned.add(equation.output)
  })
  if (program.outputs.some((output) => !assigned.has(output))) {
    fail(program.equations.length, 'an output is never assigned')
  }
}
