import { fillNormal, InputError, type RandomStream } from '#base'
import { checkEntryCount, classificationSamples, type Samples } from './samples.ts'

/** A Gaussian mixture on a random subspace. */
export interface GaussianMixtureOptions {
  readonly dimension: number
  /** Dimensions that carry signal and noise; default: all. */
  readonly intrinsicDimension?: number | undefined
  readonly classes: number
  readonly samples: number
  /** Root mean square distance between two class means. */
  readonly separation: number
  /** Standard deviation within a class, along each intrinsic direction. */
  readonly noise: number
  /** Share of labels drawn anew, each class equally likely (the old one too). */
  readonly labelNoise: number
}

/** Orthonormal rows, uniform over all such frames: Gram–Schmidt, twice, on normal vectors. */
function randomFrame(rowCount: number, dimension: number, stream: RandomStream): Float64Array {
  const frame = new Float64Array(rowCount * dimension)
  for (let i = 0; i < rowCount; i += 1) {
    const row = frame.subarray(i * dimension, (i + 1) * dimension)
    fillNormal(row, stream)
    for (let pass = 0; pass < 2; pass += 1) {
      for (let j = 0; j < i; j += 1) {
        const other = frame.subarray(j * dimension, (j + 1) * dimension)
        let overlap = 0
        for (let k = 0; k < dimension; k += 1) overlap += row[k]! * other[k]!
        for (let k = 0; k < dimension; k += 1) row[k]! -= overlap * other[k]!
      }
    }
    let square = 0
    for (const value of row) square += value * value
    const scale = 1 / Math.sqrt(square)
    for (let k = 0; k < dimension; k += 1) row[k]! *= scale
  }
  return frame
}

/** target += Σⱼ coordinates[j] · frame row j. */
function embed(target: Float64Array, coordinates: Float64Array, frame: Float64Array): void {
  const dimension = target.length
  for (let j = 0; j < coordinates.length; j += 1) {
    const weight = coordinates[j]!
    const row = j * dimension
    for (let k = 0; k < dimension; k += 1) target[k]! += weight * frame[row + k]!
  }
}

/**
 * Draws a mixture of isotropic Gaussians, one a class, on a subspace of `intrinsicDimension` m:
 * x = Fᵀ(μ_c + noise·z) with F `[m, dimension]` orthonormal rows, z ~ N(0, 1) and
 * μ ~ N(0, separation²/2m), so that E‖μ_a − μ_b‖² = separation². Classes take turns before label
 * noise, so their counts differ by one at most.
 *
 * Cost: samples · dimension · m. Deterministic: means, frame, points and labels each have a stream
 * of their own, so that e.g. more samples do not move the means.
 *
 * @param stream - Named for the purpose; nothing is drawn from it but through its forks.
 * @throws InputError naming the option that is out of range.
 */
export function sampleGaussianMixture(
  options: GaussianMixtureOptions,
  stream: RandomStream,
): Samples {
  const { dimension, classes, samples: count, separation, noise, labelNoise } = options
  const intrinsic = options.intrinsicDimension ?? dimension
  if (intrinsic < 1 || intrinsic > dimension) {
    const allowed = `must be in 1…${dimension} (the dimension), got ${intrinsic}`
    throw new InputError('intrinsicDimension', `intrinsicDimension ${allowed}`)
  }
  checkEntryCount('samples', count, Math.max(dimension, classes))
  checkEntryCount('intrinsicDimension', intrinsic < dimension ? intrinsic : 1, dimension)
  checkEntryCount('classes', classes, intrinsic)

  const means = new Float64Array(classes * intrinsic)
  fillNormal(means, stream.fork('means'))
  const spread = separation / Math.sqrt(2 * intrinsic)
  // Isotropic laws do not change under a rotation, so a full subspace needs no frame.
  const frame =
    intrinsic < dimension ? randomFrame(intrinsic, dimension, stream.fork('frame')) : null

  const points = stream.fork('points')
  const labelStream = stream.fork('labels')
  const features = new Float32Array(count * dimension)
  const labels = new Int32Array(count)
  const coordinates = new Float64Array(intrinsic)
  const embedded = new Float64Array(dimension)
  for (let row = 0; row < count; row += 1) {
    const label = row % classes
    for (let j = 0; j < intrinsic; j += 1) {
      const mean = spread * means[label * intrinsic + j]!
      coordinates[j] = mean + noise * points.nextNormal()
    }
    if (frame === null) features.set(coordinates, row * dimension)
    else {
      embed(embedded.fill(0), coordinates, frame)
      features.set(embedded, row * dimension)
    }
    // Both draws are made in any case, so that another noise level moves no other label.
    const isAnew = labelStream.nextUniform() < labelNoise
    const other = labelStream.nextInteger(classes)
    labels[row] = isAnew ? other : label
  }
  return classificationSamples(features, labels, classes)
}
