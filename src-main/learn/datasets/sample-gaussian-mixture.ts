import { fillNormal, InputError, type RandomStream } from '#base'
import { embed, randomFrame } from './sample-frame.ts'
import { disturbLabels } from './sample-labels.ts'
import { powerLawDeviations } from './sample-spectrum.ts'
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
  /** Standard deviation within a class, root mean square over the intrinsic directions. */
  readonly noise: number
  /** α of the variances within a class, λₖ ∝ k^−α; default 0: equal. */
  readonly covarianceExponent?: number | undefined
  /** Share of labels drawn anew, each class equally likely (the old one too); 1: random labels. */
  readonly labelNoise: number
}

/**
 * Draws a mixture of Gaussians, one a class, on a subspace of `intrinsicDimension` m:
 * x = Fᵀ(μ_c + noise·Λ^½·z) with F `[m, dimension]` orthonormal rows, z ~ N(0, 1), λₖ ∝ k^−α of mean 1
 * and μ ~ N(0, separation²/2m), so that E‖μ_a − μ_b‖² = separation². A full subspace is not turned:
 * coordinate k has the variance λₖ. Classes take turns before label noise, so their counts differ by
 * one at most.
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
  checkEntryCount('samples', count, dimension)
  checkEntryCount('intrinsicDimension', intrinsic < dimension ? intrinsic : 1, dimension)
  checkEntryCount('classes', classes, intrinsic)

  const means = new Float64Array(classes * intrinsic)
  fillNormal(means, stream.fork('means'))
  const spread = separation / Math.sqrt(2 * intrinsic)
  // Isotropic laws do not change under a rotation, so a full subspace needs no frame.
  const frame =
    intrinsic < dimension ? randomFrame(intrinsic, dimension, stream.fork('frame')) : null
  const deviations = powerLawDeviations(intrinsic, options.covarianceExponent ?? 0)

  const points = stream.fork('points')
  const features = new Float32Array(count * dimension)
  const labels = new Int32Array(count)
  const coordinates = new Float64Array(intrinsic)
  const embedded = new Float64Array(dimension)
  for (let row = 0; row < count; row += 1) {
    const label = row % classes
    labels[row] = label
    for (let j = 0; j < intrinsic; j += 1) {
      const mean = spread * means[label * intrinsic + j]!
      coordinates[j] = mean + noise * deviations[j]! * points.nextNormal()
    }
    if (frame === null) features.set(coordinates, row * dimension)
    else {
      embed(embedded.fill(0), coordinates, frame)
      features.set(embedded, row * dimension)
    }
  }
  disturbLabels(labels, classes, labelNoise, stream.fork('labels'))
  return classificationSamples(features, labels, classes)
}
