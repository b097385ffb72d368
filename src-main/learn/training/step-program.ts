import type { GradientTransform } from '#learn/optimizers'
import { sizeOf } from '#tensor/dense'
import {
  add,
  concatenate,
  Graph,
  inlineProgram,
  mul,
  reduceSum,
  reshape,
  simplifyProgram,
  type Program,
  type Tracer,
  type ValueType,
} from '#tensor/program'
import { valueAndGradient } from '#tensor/transforms'

/** How the parameters are updated: tensor by tensor, or, by an elementwise optimizer, as one vector. */
export type UpdateForm = 'tensors' | 'flat'

const float32 = (shape: readonly number[]): ValueType => ({ dtype: 'float32', shape })

/** Types of what an optimizer updates. */
export function updatedTypes(parameters: readonly ValueType[], form: UpdateForm): ValueType[] {
  if (form === 'tensors') return [...parameters]
  return [float32([parameters.reduce((size, { shape }) => size + sizeOf(shape), 0)])]
}

/**
 * One whole optimizer step as a program.
 *
 * In flat form the parameters come twice, as tensors for the loss and as a vector for the update (the same memory, if
 * the caller's tensors are views), and a network of many tensors takes no more operations to update than one.
 *
 * @param loss - A loss program whose first `parameterCount` inputs are the parameters; its first output
 *   is the scalar loss, its others are passed on.
 * @returns A program with inputs (parameters, in flat form also as one vector `[n]`, optimizer state, the other inputs
 *   of `loss`, learning rate `[]`) and outputs (new parameters, as `[n]` in flat form, new state, the outputs of
 *   `loss`, ‖gradient‖² `[]`).
 */
export function stepProgram(
  loss: Program,
  parameterCount: number,
  optimizer: GradientTransform,
  form: UpdateForm = 'tensors',
): Program {
  const wrt = Array.from({ length: parameterCount }, (_, i) => i)
  const differentiated = valueAndGradient(loss, wrt)
  const graph = new Graph()
  const types = loss.inputs.map((variable) => variable.type)
  const tensors = types.slice(0, parameterCount).map((type) => graph.input(type))
  const updated = updatedTypes(types.slice(0, parameterCount), form)
  const parameters = form === 'flat' ? updated.map((type) => graph.input(type)) : tensors
  const state = optimizer.init(updated).map(({ shape }) => graph.input(float32(shape)))
  const data = types.slice(parameterCount).map((type) => graph.input(type))
  const learningRate = graph.input(float32([]))

  const results = inlineProgram(differentiated, graph, [...tensors, ...data])
  const slopes = results.slice(loss.outputs.length)
  const gradients = form === 'flat' ? [flatten(slopes)] : slopes
  const update = optimizer.update(gradients, state, { parameters, learningRate })
  const moved = parameters.map((parameter, i) => add(parameter, update.updates[i]!))
  const squaredNorm = gradients
    .map((gradient) => reduceSum(mul(gradient, gradient)))
    .reduce((a, b) => add(a, b))
  return simplifyProgram(
    graph.finish(
      `step(${loss.name})`,
      [...tensors, ...(form === 'flat' ? parameters : []), ...state, ...data, learningRate],
      [...moved, ...update.state, ...results.slice(0, loss.outputs.length), squaredNorm],
    ),
  )
}

const flatten = (values: readonly Tracer[]): Tracer =>
  concatenate(
    values.map((value) => reshape(value, [sizeOf(value.shape)])),
    0,
  )
