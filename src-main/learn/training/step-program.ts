import type { GradientTransform } from '#learn/optimizers'
import {
  add,
  Graph,
  inlineProgram,
  mul,
  reduceSum,
  simplifyProgram,
  type Program,
} from '#tensor/program'
import { valueAndGradient } from '#tensor/transforms'

/**
 * One whole optimizer step as a program.
 *
 * @param loss - A loss program whose first `parameterCount` inputs are the parameters; its first output
 *   is the scalar loss, its others are passed on.
 * @returns A program with inputs (parameters, optimizer state, the other inputs of `loss`, learning
 *   rate `[]`) and outputs (new parameters, new state, the outputs of `loss`, ‖gradient‖² `[]`).
 */
export function stepProgram(
  loss: Program,
  parameterCount: number,
  optimizer: GradientTransform,
): Program {
  const wrt = Array.from({ length: parameterCount }, (_, i) => i)
  const differentiated = valueAndGradient(loss, wrt)
  const graph = new Graph()
  const types = loss.inputs.map((variable) => variable.type)
  const parameters = types.slice(0, parameterCount).map((type) => graph.input(type))
  const state = optimizer
    .init(types.slice(0, parameterCount))
    .map(({ shape }) => graph.input({ dtype: 'float32', shape }))
  const data = types.slice(parameterCount).map((type) => graph.input(type))
  const learningRate = graph.input({ dtype: 'float32', shape: [] })

  const results = inlineProgram(differentiated, graph, [...parameters, ...data])
  const gradients = results.slice(loss.outputs.length)
  const update = optimizer.update(gradients, state, { parameters, learningRate })
  const moved = parameters.map((parameter, i) => add(parameter, update.updates[i]!))
  const squaredNorm = gradients
    .map((gradient) => reduceSum(mul(gradient, gradient)))
    .reduce((a, b) => add(a, b))
  return simplifyProgram(
    graph.finish(
      `step(${loss.name})`,
      [...parameters, ...state, ...data, learningRate],
      [...moved, ...update.state, ...results.slice(0, loss.outputs.length), squaredNorm],
    ),
  )
}
