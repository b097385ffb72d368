import { fillNormal, InputError, type RandomStream } from '#base'
import { embed, randomFrame } from './sample-frame.ts'
import { disturbLabels } from './sample-labels.ts'
import { checkEntryCount, classificationSamples, type Samples } from './samples.ts'

/** Points on a piece of a sphere that is turned at random in a larger space. */
export interface CurvedManifoldOptions {
  readonly dimension: number
  /** Dimension m of the sphere, below `dimension`. */
  readonly intrinsicDimension: number
  /** 1/radius of the sphere, 0…π: 0 is a flat ball of radius 1, π a whole sphere. */
  readonly curvature: number
  readonly classes: number
  readonly samples: number
  /** Standard deviation of what is added to each feature. */
  readonly noise: number
  /** Share of labels drawn anew, each class equally likely (the old one too); 1: random labels. */
  readonly labelNoise: number
}

/** Fills a point uniform in the ball of radius 1. */
function drawInBall(target: Float64Array, stream: RandomStream): void {
  fillNormal(target, stream)
  let square = 0
  for (const value of target) square += value * value
  const scale = stream.nextUniform() ** (1 / target.length) / Math.sqrt(square)
  for (let j = 0; j < target.length; j += 1) target[j]! *= scale
}

/** The nearest of several centers `[classes, m]`. */
function nearestCenter(point: Float64Array, centers: Float64Array): number {
  const width = point.length
  let nearest = 0
  let least = Infinity
  for (let label = 0; label * width < centers.length; label += 1) {
    let square = 0
    for (let j = 0; j < width; j += 1) square += (point[j]! - centers[label * width + j]!) ** 2
    if (square < least) [nearest, least] = [label, square]
  }
  return nearest
}

/** Wraps a flat point `[m]` around the sphere of a curvature κ that touches at 0, into `[m + 1]`. */
function wrap(point: Float64Array, curvature: number, target: Float64Array): void {
  let square = 0
  for (const value of point) square += value * value
  const radius = Math.sqrt(square)
  const angle = curvature * radius
  const stretch = angle === 0 ? 1 : Math.sin(angle) / angle
  for (let j = 0; j < point.length; j += 1) target[j] = stretch * point[j]!
  // (1 − cos κr)/κ without cancellation.
  target[point.length] = curvature === 0 ? 0 : (2 * Math.sin(angle / 2) ** 2) / curvature
}

/**
 * Draws points on a curved manifold of known dimension and curvature: z uniform in the ball of radius 1
 * in m dimensions, wrapped around a sphere of radius 1/κ with lengths from its pole kept,
 * x = Fᵀ(z·sin(κr)/κr, (1 − cos κr)/κ) + noise, r = ‖z‖, F `[m + 1, dimension]` orthonormal rows. The
 * class is that of the nearest of `classes` centers, measured in z: curvature moves no label.
 *
 * Cost: samples · dimension · m. Deterministic: frame, centers, points, noise and labels each have a
 * stream of their own.
 *
 * @param stream - Named for the purpose; nothing is drawn from it but through its forks.
 * @throws InputError naming the option that is out of range.
 */
export function sampleCurvedManifold(
  options: CurvedManifoldOptions,
  stream: RandomStream,
): Samples {
  const { dimension, curvature, classes, samples: count, noise, labelNoise } = options
  const { intrinsicDimension: intrinsic } = options
  if (!Number.isInteger(intrinsic) || intrinsic < 1 || intrinsic >= dimension) {
    const allowed = `must be in 1…${dimension - 1} (below the dimension), got ${intrinsic}`
    throw new InputError('intrinsicDimension', `intrinsicDimension ${allowed}`)
  }
  if (!(curvature >= 0 && curvature <= Math.PI)) {
    throw new InputError('curvature', `curvature must be in 0…π, got ${curvature}`)
  }
  checkEntryCount('samples', count, dimension)
  checkEntryCount('intrinsicDimension', intrinsic + 1, dimension)
  checkEntryCount('classes', classes, intrinsic)

  const frame = randomFrame(intrinsic + 1, dimension, stream.fork('frame'))
  const centers = new Float64Array(classes * intrinsic)
  const centerStream = stream.fork('centers')
  for (let label = 0; label < classes; label += 1) {
    drawInBall(centers.subarray(label * intrinsic, (label + 1) * intrinsic), centerStream)
  }
  const pointStream = stream.fork('points')
  const noiseStream = stream.fork('noise')
  const features = new Float32Array(count * dimension)
  const labels = new Int32Array(count)
  const point = new Float64Array(intrinsic)
  const wrapped = new Float64Array(intrinsic + 1)
  const embedded = new Float64Array(dimension)
  for (let row = 0; row < count; row += 1) {
    drawInBall(point, pointStream)
    labels[row] = nearestCenter(point, centers)
    wrap(point, curvature, wrapped)
    embed(embedded.fill(0), wrapped, frame)
    if (noise > 0) {
      for (let k = 0; k < dimension; k += 1) embedded[k]! += noise * noiseStream.nextNormal()
    }
    features.set(embedded, row * dimension)
  }
  disturbLabels(labels, classes, labelNoise, stream.fork('labels'))
  return classificationSamples(features, labels, classes)
}
