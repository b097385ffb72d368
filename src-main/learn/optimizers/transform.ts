import { InputError } from '#base'
import type { Tracer, ValueType } from '#tensor/program'

/** One tensor of an optimizer's state. */
export interface StateTensor {
  readonly name: string
  readonly shape: readonly number[]
  /** Every entry starts with this. */
  readonly initial: number
  /**
   * Says that the tensor is the running average of the parameter with this index: it starts as that parameter, and
   * is what is evaluated in its place.
   */
  readonly averageOf?: number
}

/** What an update may read besides gradients and state. */
export interface UpdateContext {
  readonly parameters: readonly Tracer[]
  /** `[]`, an input of the compiled step, so that a schedule needs no new program. */
  readonly learningRate: Tracer
}

/** Updates and state after one application. */
export interface UpdateResult {
  readonly updates: readonly Tracer[]
  readonly state: readonly Tracer[]
}

/**
 * A map from updates to updates with a state: the part optimizers are chained from.
 *
 * Pure and traced: the state goes in and out, so saving it is saving a vector.
 *
 * @see DeepMind, Optax, whose init/update shape this is
 */
export interface GradientTransform {
  /**
   * Whether it makes no difference how the entries are divided into tensors (as for what is done entry by entry, or
   * by a norm over all entries): then all tensors can be updated as one flat vector.
   */
  readonly ignoresTensorBounds: boolean
  init(parameters: readonly ValueType[]): readonly StateTensor[]
  /** `updates` and `parameters` are in the order given to `init`, `state` in the order it returned. */
  update(updates: readonly Tracer[], state: readonly Tracer[], context: UpdateContext): UpdateResult
}

/**
 * Applies transforms one after another; associative, and the identity when empty.
 *
 * @throws InputError from `init` if more than one of them keeps an average of the parameters.
 */
export function chain(...transforms: readonly GradientTransform[]): GradientTransform {
  return {
    ignoresTensorBounds: transforms.every((transform) => transform.ignoresTensorBounds),
    init: (parameters) => {
      const tensors = transforms.flatMap((transform, i) =>
        transform.init(parameters).map((tensor) => ({ ...tensor, name: `${i}.${tensor.name}` })),
      )
      if (tensors.filter(({ averageOf }) => averageOf === 0).length > 1) {
        throw new InputError('optimizer', 'an optimizer can keep one average of the parameters')
      }
      return tensors
    },
    update: (updates, state, context) => {
      const types = context.parameters.map((parameter) => parameter.type)
      let offset = 0
      let current = updates
      const next: Tracer[] = []
      for (const transform of transforms) {
        const count = transform.init(types).length
        const result = transform.update(current, state.slice(offset, offset + count), context)
        offset += count
        current = result.updates
        next.push(...result.state)
      }
      return { updates: current, state: next }
    },
  }
}
