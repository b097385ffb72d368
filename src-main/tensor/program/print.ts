import type { Program, Variable } from './types.ts'
import { formatType } from './types.ts'

function letters(index: number): string {
  const head = index >= 26 ? letters(Math.floor(index / 26) - 1) : ''
  return head + String.fromCharCode(97 + (index % 26))
}

function formatParams(params: object): string {
  const entries = Object.entries(params)
  if (entries.length === 0) return ''
  const text = entries.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(' ')
  return `[${text}]`
}

/**
 * A program as text, one equation a line; names depend on the order of definition only.
 *
 * @example
 * // square(a: f32[3]) {
 * //   b: f32[3] = mul a a
 * //   return b
 * // }
 */
export function printProgram(program: Program): string {
  const names = new Map<Variable, string>()
  const nameOf = (variable: Variable): string => {
    const known = names.get(variable)
    if (known !== undefined) return known
    const name = letters(names.size)
    names.set(variable, name)
    return name
  }
  const inputs = program.inputs.map((v) => `${nameOf(v)}: ${formatType(v.type)}`).join(', ')
  const lines = program.equations.map((equation) => {
    const operands = equation.inputs.map((variable) => ` ${nameOf(variable)}`).join('')
    const result = nameOf(equation.output)
    const operation = `${equation.primitive}${formatParams(equation.params)}`
    return `  ${result}: ${formatType(equation.output.type)} = ${operation}${operands}`
  })
  const outputs = program.outputs.map(nameOf).join(', ')
  return [`${program.name}(${inputs}) {`, ...lines, `  return ${outputs}`, '}'].join('\n')
}
