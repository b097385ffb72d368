import { entriesOf, type FeatureSpec, type Task } from '#learn/tasks'
import { sizeOf } from '#tensor/dense'
import { add, cast, equal, iota, reshape, type Tracer } from '#tensor/program'
import { activations, type Activation } from './activations.ts'
import { linear } from './blocks.ts'
import type { NetworkDefinition } from './definition.ts'
import { checkInteger, outputsPerSample, readout } from './fit.ts'

/** A fully connected network: affine layers with a nonlinearity after all but the last. */
export interface MlpSettings {
  /** Hidden widths; none for a linear model. */
  readonly hidden: readonly number[]
  readonly activation: Activation
  readonly bias: boolean
  /** Adds the input of a hidden layer to what it gives, where both have one width: h ← h + σ(W·h + b). */
  readonly residual: boolean
}

/** Rows of numbers: images are flattened, tokens are one-hot. */
function rowsOf(features: Tracer, spec: FeatureSpec): Tracer {
  const [rows = 1, ...shape] = features.shape
  if (spec.kind === 'values') return reshape(features, [rows, sizeOf(shape)])
  const { length, vocabulary } = spec
  const places = iota(features, [rows, length, vocabulary], 2)
  const isToken = equal(places, reshape(features, [rows, length, 1]))
  return reshape(cast(isToken, 'float32'), [rows, length * vocabulary])
}

/** `784-4096×50-10`: more than three equal hidden widths are counted. */
const describeWidths = (inputs: number, hidden: readonly number[], outputs: number): string => {
  const runs = hidden
    .join('-')
    .replaceAll(
      /(?<!\d)(\d+)(-\1){3,}(?!\d)/g,
      (run, width: string) => `${width}×${run.split('-').length}`,
    )
  return [inputs, ...(runs === '' ? [] : [runs]), outputs].join('-')
}

/**
 * The fully connected network `layers.0`, `layers.1`, …, each with `weight` `[out, in]` and `bias` `[out]`.
 *
 * Images are flattened, channel by channel and row by row; a token is the one-hot vector of its index, one token
 * after another.
 *
 * Parameters: Σ out·(in + 1), or Σ out·in without biases.
 *
 * @throws InputError naming `model.hidden` if a width is not in 1…1,000,000.
 */
export function mlp(settings: MlpSettings, task: Task): NetworkDefinition {
  const { hidden, bias, residual } = settings
  const { features, targets } = task
  const activation = activations[settings.activation]
  hidden.forEach((width) => checkInteger('model.hidden', width, 1, 1_000_000))
  const inputs = entriesOf(features) * (features.kind === 'tokens' ? features.vocabulary : 1)
  return {
    label: `mlp ${describeWidths(inputs, hidden, outputsPerSample(targets))}${residual ? ' residual' : ''}`,
    width: hidden[0] ?? inputs,
    apply: (scope, batch) => {
      let values = rowsOf(batch, features)
      hidden.forEach((width, layer) => {
        const role = layer === 0 ? 'input' : 'hidden'
        const next = activation(
          linear(scope.within(`layers.${layer}`), values, width, { role, bias }),
        )
        values = residual && values.shape[1] === width ? add(values, next) : next
      })
      return readout(scope.within(`layers.${hidden.length}`), values, task, bias)
    },
  }
}
