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
  sub,
  type Program,
  type Tracer,
  type ValueType,
} from '#tensor/program'
import { valueAndGradient } from '#tensor/transforms'

/** How the parameters are updated: tensor by tensor, or, if tensor bounds make no difference, as one vector. */
export type UpdateForm = 'tensors' | 'flat'

/** How a {@link stepProgram} is made. */
export interface StepProgramOptions {
  /** @default 'tensors' */
  readonly form?: UpdateForm
  /**
   * Running statistics: so many inputs of the loss after the parameters, whose new values are its last outputs.
   *
   * @default 0
   */
  readonly bufferCount?: number
  /** Whether what a step did is computed too. @default false */
  readonly isObserved?: boolean
}

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
 * An observed step also takes and returns what {@link StepObservation} is made of; the other results are the same.
 *
 * @param loss - A loss program whose first `parameterCount` inputs are the parameters, followed by `bufferCount` running
 *   statistics; its first output is the scalar loss, its last are the new statistics, those between are passed on.
 * @returns A program with inputs (parameters, in flat form also as one vector `[n]`; optimizer state; running
 *   statistics; the other inputs of `loss`; learning rate `[]`; if observed: start θ₀ and previous gradient, as `[n]` in
 *   flat form) and outputs (new parameters, as `[n]` in flat form; new state; new statistics; if observed: the
 *   gradient; the scalar outputs of `loss`; ‖g‖² `[]`; if observed: ‖Δθ‖², ‖θ − θ₀‖², ⟨gₜ, gₜ₋₁⟩, ‖gₜ₋₁‖²).
 */
export function stepProgram(
  loss: Program,
  parameterCount: number,
  optimizer: GradientTransform,
  options: StepProgramOptions = {},
): Program {
  const { form = 'tensors', bufferCount = 0, isObserved = false } = options
  const wrt = Array.from({ length: parameterCount }, (_, i) => i)
  const graph = new Graph()
  const types = loss.inputs.map((variable) => variable.type)
  const take = (from: readonly ValueType[]): Tracer[] => from.map((type) => graph.input(type))
  const tensors = take(types.slice(0, parameterCount))
  const updated = updatedTypes(types.slice(0, parameterCount), form)
  const parameters = form === 'flat' ? take(updated) : tensors
  const state = take(optimizer.init(updated).map(({ shape }) => float32(shape)))
  const data = take(types.slice(parameterCount))
  const learningRate = graph.input(float32([]))
  const start = isObserved ? take(updated) : []
  const previous = isObserved ? take(updated) : []

  const results = inlineProgram(valueAndGradient(loss, wrt), graph, [...tensors, ...data])
  const slopes = results.slice(loss.outputs.length)
  const gradients = form === 'flat' ? [flatten(slopes)] : slopes
  const update = optimizer.update(gradients, state, { parameters, learningRate })
  const moved = parameters.map((parameter, i) => add(parameter, update.updates[i]!))
  const scalarCount = loss.outputs.length - bufferCount
  const buffers = results.slice(scalarCount, loss.outputs.length)
  const inner = (a: readonly Tracer[], b: readonly Tracer[]): Tracer =>
    a.map((x, i) => reduceSum(mul(x, b[i]!))).reduce(add)
  const squaredNorm = (a: readonly Tracer[]): Tracer => inner(a, a)
  const difference = (a: readonly Tracer[], b: readonly Tracer[]): Tracer[] =>
    a.map((x, i) => sub(x, b[i]!))
  const observed = (): Tracer[] => [
    squaredNorm(difference(moved, parameters)),
    squaredNorm(difference(moved, start)),
    inner(gradients, previous),
    squaredNorm(previous),
  ]
  return simplifyProgram(
    graph.finish(
      `step(${loss.name})`,
      [
        ...tensors,
        ...(form === 'flat' ? parameters : []),
        ...state,
        ...data,
        learningRate,
        ...start,
        ...previous,
      ],
      [
        ...moved,
        ...update.state,
        ...buffers,
        ...(isObserved ? gradients : []),
        ...results.slice(0, scalarCount),
        squaredNorm(gradients),
        ...(isObserved ? observed() : []),
      ],
    ),
  )
}

const flatten = (values: readonly Tracer[]): Tracer =>
  concatenate(
    values.map((value) => reshape(value, [sizeOf(value.shape)])),
    0,
  )
