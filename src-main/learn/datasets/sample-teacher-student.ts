import { fillNormal, InputError, type RandomStream } from '#base'
import { powerLawDeviations } from './sample-spectrum.ts'
import { checkEntryCount, regressionSamples, type Samples } from './samples.ts'

/** Nonlinearity of the teacher's hidden layers. */
type TeacherActivation = 'tanh' | 'relu' | 'gelu' | 'silu' | 'softplus' | 'logistic' | 'identity'

/** A regression task whose answer is a random network. */
export interface TeacherStudentOptions {
  readonly dimension: number
  readonly outputs: number
  readonly teacherHidden: readonly number[]
  readonly teacherActivation: TeacherActivation
  readonly samples: number
  /** Standard deviation of what is added to each target. */
  readonly noise: number
  /** α of the variances of the inputs, λₖ ∝ k^−α of mean 1; default 0: all are 1. */
  readonly covarianceExponent?: number | undefined
}

/** erf x = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1·3·…·(2n+1)): all terms of one sign. */
function errorFunction(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x)
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n += 1) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

const logistic = (x: number) => 1 / (1 + Math.exp(-x))

const activations: { readonly [A in TeacherActivation]: (x: number) => number } = {
  tanh: Math.tanh,
  relu: (x) => Math.max(x, 0),
  gelu: (x) => 0.5 * x * (1 + errorFunction(x / Math.SQRT2)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  silu: (x) => x * logistic(x),
  logistic,
  identity: (x) => x,
}

interface Layer {
  readonly inputs: number
  readonly outputs: number
  /** `[outputs, inputs]`, variance 1/inputs. */
  readonly weights: Float64Array
}

function drawTeacher(widths: readonly number[], stream: RandomStream): Layer[] {
  return widths.slice(1).map((outputs, i) => {
    const inputs = widths[i]!
    const weights = new Float64Array(outputs * inputs)
    fillNormal(weights, stream.fork('layer', i))
    const scale = 1 / Math.sqrt(inputs)
    for (let k = 0; k < weights.length; k += 1) weights[k]! *= scale
    return { inputs, outputs, weights }
  })
}

function applyLayer({ inputs, outputs, weights }: Layer, input: Float64Array): Float64Array {
  const result = new Float64Array(outputs)
  for (let i = 0; i < outputs; i += 1) {
    let sum = 0
    for (let j = 0; j < inputs; j += 1) sum += weights[i * inputs + j]! * input[j]!
    result[i] = sum
  }
  return result
}

/**
 * Draws xₖ ~ N(0, λₖ) and y = teacher(x) + noise · N(0, 1), where the teacher is a fully connected
 * network without biases, its weights LeCun-normal (variance 1/fan-in), computed in float64.
 *
 * Deterministic: teacher, inputs and noise each have a stream of their own, so that e.g. another
 * noise level changes neither teacher nor inputs.
 *
 * @param stream - Named for the purpose; nothing is drawn from it but through its forks.
 * @throws InputError naming the option that is too large for memory.
 */
export function sampleTeacherStudent(
  options: TeacherStudentOptions,
  stream: RandomStream,
): Samples {
  const { dimension, outputs, teacherHidden, teacherActivation, samples: count, noise } = options
  const { covarianceExponent = 0 } = options
  const widths = [dimension, ...teacherHidden, outputs]
  checkEntryCount('samples', count, Math.max(dimension, outputs))
  widths.slice(1).forEach((width, i) => {
    checkEntryCount(i < teacherHidden.length ? 'teacherHidden' : 'outputs', width, widths[i]!)
  })
  const activation = activations[teacherActivation]
  const layers = drawTeacher(widths, stream.fork('teacher'))
  const inputStream = stream.fork('inputs')
  const noiseStream = stream.fork('noise')
  const features = new Float32Array(count * dimension)
  fillNormal(features, inputStream)
  if (covarianceExponent !== 0) {
    const deviations = powerLawDeviations(dimension, covarianceExponent)
    for (let i = 0; i < features.length; i += 1) features[i]! *= deviations[i % dimension]!
  }
  const targets = new Float32Array(count * outputs)
  for (let row = 0; row < count; row += 1) {
    let hidden: Float64Array = Float64Array.from(
      features.subarray(row * dimension, (row + 1) * dimension),
    )
    layers.forEach((layer, i) => {
      hidden = applyLayer(layer, hidden)
      if (i < layers.length - 1) hidden = hidden.map((x) => activation(x))
    })
    for (let i = 0; i < outputs; i += 1) {
      targets[row * outputs + i] = hidden[i]! + noise * noiseStream.nextNormal()
    }
  }
  const wrong = targets.findIndex((value) => !Number.isFinite(value))
  if (wrong >= 0) {
    const row = Math.floor(wrong / outputs)
    throw new InputError('noise', `noise ${noise} makes the target of row ${row} not finite`)
  }
  return regressionSamples(features, targets, count)
}
