import type { Dtype } from '#tensor/dense'
import {
  Graph,
  inlineProgram,
  reemit,
  type Equation,
  type Program,
  type Tracer,
} from '#tensor/program'

const widened = (dtype: Dtype): Dtype => (dtype === 'float32' ? 'float64' : dtype)

/**
 * The same program in float64: every float32 input, constant and result is a float64 one.
 *
 * Numbers that were rounded to float32 before they came in, such as weights 1/N, must be given anew.
 */
export function widenProgram(program: Program): Program {
  const graph = new Graph()
  const inputs = program.inputs.map(({ type }) =>
    graph.input({ ...type, dtype: widened(type.dtype) }),
  )
  const emit = (equation: Equation, operands: readonly Tracer[]): Tracer => {
    switch (equation.primitive) {
      case 'constant': {
        const { params } = equation
        return graph.emit('constant', [], { ...params, dtype: widened(params.dtype) })
      }
      case 'iota': {
        const { params } = equation
        return graph.emit('iota', [], { ...params, dtype: widened(params.dtype) })
      }
      case 'cast':
        return graph.emit('cast', operands, { dtype: widened(equation.params.dtype) })
      default:
        return reemit(graph, equation, operands)
    }
  }
  const outputs = inlineProgram(program, graph, inputs, emit)
  return graph.finish(program.name, inputs, outputs)
}
