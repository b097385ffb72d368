import { fillNormal, InputError, type RandomStream } from '#base'
import { labelledSamples, type Samples } from './samples.ts'

/** Settings of {@link sampleGaussianMixture}. */
export interface GaussianMixtureOptions {
  readonly dimension: number
  /** Dimensions that carry anything; default: all. */
  readonly intrinsicDimension?: number | undefined
  readonly classes: number
  readonly samples: number
  /** Root mean square distance between two class means. */
  readonly separation: number
  /** Deviation within a class, per intrinsic dimension. */
  readonly noise: number
  /** Share of labels drawn anew, uniformly. */
  readonly labelNoise: number
}

/** Orthonormal rows `[count, n]`. */
function randomFrame(count: number, n: number, stream: RandomStream): Float64Array[] {
  const rows: Float64Array[] = []
  while (rows.length < count) {
    const v = new Float64Array(n)
    fillNormal(v, stream)
    for (const q of [...rows, ...rows]) {
      const overlap = v.reduce((sum, x, i) => sum + x * q[i]!, 0)
      for (let i = 0; i < n; i += 1) v[i]! -= overlap * q[i]!
    }
    const norm = Math.hypot(...v)
    rows.push(v.map((x) => x / norm))
  }
  return rows
}

/**
 * Classes as isotropic Gaussians around random means, in a random subspace.
 *
 * x = Fᵀ(μ_c + noise·z), z ~ N(0, I_k), with F a `[k, dimension]` orthonormal frame and
 * μ_c ~ N(0, separation²/(2k)·I_k), so that E‖μ_a − μ_b‖² = separation². Classes are balanced to one sample.
 * Deterministic for a given stream.
 */
export function sampleGaussianMixture(
  options: GaussianMixtureOptions,
  stream: RandomStream,
): Samples {
  const { dimension, classes, samples, separation, noise, labelNoise } = options
  const k = options.intrinsicDimension ?? dimension
  if (k > dimension) {
    throw new InputError(
      'intrinsicDimension',
      `intrinsicDimension must be in 1…${dimension} (the dimension), got ${k}`,
    )
  }
  const frame = k === dimension ? null : randomFrame(k, dimension, stream.fork('frame'))
  const meanStream = stream.fork('means')
  const spread = separation / Math.sqrt(2 * k)
  const means = Array.from({ length: classes }, () => {
    const mean = new Float64Array(k)
    fillNormal(mean, meanStream)
    return mean.map((x) => spread * x)
  })
  const noiseStream = stream.fork('noise')
  const labelStream = stream.fork('labels')
  const features = new Float32Array(samples * dimension)
  const labels = new Int32Array(samples)
  const point = new Float64Array(k)
  for (let row = 0; row < samples; row += 1) {
    const label = row % classes
    fillNormal(point, noiseStream)
    const latent = point.map((z, i) => means[label]![i]! + noise * z)
    features.set(frame === null ? latent : embed(latent, frame, dimension), row * dimension)
    const isDrawnAnew = labelStream.nextUniform() < labelNoise
    labels[row] = isDrawnAnew ? labelStream.nextInteger(classes) : label
  }
  return labelledSamples(features, labels, classes)
}

function embed(
  latent: Float64Array,
  frame: readonly Float64Array[],
  dimension: number,
): Float64Array {
  const point = new Float64Array(dimension)
  frame.forEach((row, i) => {
    for (let j = 0; j < dimension; j += 1) point[j]! += latent[i]! * row[j]!
  })
  return point
}

/** Settings of {@link sampleTeacherStudent}. */
export interface TeacherStudentOptions {
  readonly dimension: number
  readonly outputs: number
  readonly teacherHidden: readonly number[]
  readonly teacherActivation: 'tanh' | 'relu' | 'gelu' | 'softplus' | 'identity'
  readonly samples: number
  /** Deviation added to each target. */
  readonly noise: number
}

/** GELU in its logistic form x·σ(1.702x): a teacher only has to be some smooth function. */
const activations: Readonly<
  Record<TeacherStudentOptions['teacherActivation'], (x: number) => number>
> = {
  tanh: Math.tanh,
  relu: (x) => Math.max(x, 0),
  gelu: (x) => x / (1 + Math.exp(-1.702 * x)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  identity: (x) => x,
}

/**
 * Regression on a random teacher network: x ~ N(0, I), y = T(x) + noise·z.
 *
 * The teacher is fully connected without biases, weights N(0, 1/fan-in). Deterministic for a given stream.
 */
export function sampleTeacherStudent(
  options: TeacherStudentOptions,
  stream: RandomStream,
): Samples {
  const { dimension, outputs, teacherHidden, samples, noise } = options
  const widths = [dimension, ...teacherHidden, outputs]
  const weightStream = stream.fork('teacher')
  const weights = widths.slice(1).map((rows, layer) => {
    const columns = widths[layer]!
    const matrix = new Float64Array(rows * columns)
    fillNormal(matrix, weightStream)
    return matrix.map((x) => x / Math.sqrt(columns))
  })
  const activate = activations[options.teacherActivation]
  const features = new Float32Array(samples * dimension)
  fillNormal(features, stream.fork('features'))
  const noiseStream = stream.fork('noise')
  const targets = new Float32Array(samples * outputs)
  for (let row = 0; row < samples; row += 1) {
    let values: Float64Array = Float64Array.from(
      features.subarray(row * dimension, (row + 1) * dimension),
    )
    weights.forEach((matrix, layer) => {
      const columns = widths[layer]!
      const next = new Float64Array(widths[layer + 1]!)
      for (let i = 0; i < next.length; i += 1) {
        for (let j = 0; j < columns; j += 1) next[i]! += matrix[i * columns + j]! * values[j]!
      }
      values = layer < weights.length - 1 ? next.map(activate) : next
    })
    targets.set(
      values.map((value) => value + noise * noiseStream.nextNormal()),
      row * outputs,
    )
  }
  return {
    count: samples,
    featureCount: dimension,
    outputCount: outputs,
    features,
    targets,
    labels: null,
  }
}
