import { createStream, fillNormal } from '#base'
import { sumGradients } from '#geometry/curvature'
import { eigenSymmetric, extremeEigenpairs } from '#geometry/spectral'
import { readAll, sampleGaussianMixture } from '#learn/datasets'
import { fullyConnected, initializeParameters, lossProgram, parameterInputs } from '#learn/models'
import { createEvaluator } from '#learn/training'
import { layoutViews } from '#tensor/dense'
import { interpretProgram } from '#tensor/runtime'
import { hvp, valueAndGradient } from '#tensor/transforms'
import { partitionSamples } from './batches.ts'
import { curvatureOfSamples } from './curvature-of-samples.ts'

/** Relative deviations of the native float32 numbers from the float64 reference. */
export interface PrecisionCheck {
  readonly loss: number
  /** ‖difference‖ / ‖reference‖, as for `product`. */
  readonly gradient: number
  readonly product: number
  /** Largest of the five largest eigenvalues. */
  readonly eigenvalues: number
}

const relative = (got: ArrayLike<number>, expected: readonly number[]): number => {
  const difference = Math.hypot(...expected.map((x, i) => got[i]! - x))
  return difference / Math.hypot(...expected)
}

/**
 * Compares native loss, gradient, Hessian product and eigenvalues with the float64 reference interpreter on
 * a small GELU network, over unequal batches.
 *
 * Cost: one reference product a parameter. Deterministic for a given seed.
 */
export async function checkPrecision(seed: number): Promise<PrecisionCheck> {
  const model = fullyConnected({
    widths: [5, 8, 6, 3],
    activation: 'gelu',
    bias: true,
    targets: 'classes',
    initialization: 'lecun-normal',
  })
  const { layout } = model
  const stream = createStream(seed, 'precision-check')
  const samples = sampleGaussianMixture(
    { dimension: 5, classes: 3, samples: 31, separation: 3, noise: 1, labelNoise: 0 },
    stream.fork('data'),
  )
  const parameters = initializeParameters(model, stream.fork('weights'))
  const vector = new Float32Array(layout.size)
  fillNormal(vector, stream.fork('vector'))
  const program = (batchSize: number) => lossProgram({ model, loss: 'cross-entropy', batchSize })

  const whole = program(samples.count)
  const wrt = parameterInputs(model)
  const data = await readAll(samples)
  const inputs = [
    ...layoutViews(layout, parameters),
    data.features,
    data.targets,
    // In float64: the reference must not carry the rounding of 1/N.
    new Float64Array(samples.count).fill(1 / samples.count),
  ]
  const [value, ...slopes] = interpretProgram(valueAndGradient(whole, wrt), inputs)
  const multiply = hvp(whole, wrt, null)
  const reference = (v: Float32Array): number[] =>
    interpretProgram(multiply, [...inputs, ...layoutViews(layout, v)]).flatMap((part) => [...part])
  const unit = (i: number): Float32Array => new Float32Array(layout.size).fill(1, i, i + 1)
  const { values } = eigenSymmetric(Array.from(parameters, (_, i) => reference(unit(i))))

  const batchSize = 12
  const batches = await partitionSamples(samples, batchSize)
  const evaluator = await createEvaluator({ loss: program(batchSize), layout })
  const [loss] = await evaluator.evaluate(parameters, batches)
  await evaluator.release()
  const slope = await sumGradients({ loss: program(batchSize), layout, parameters, batches })
  const operator = await curvatureOfSamples({
    kind: 'hessian',
    model,
    loss: 'cross-entropy',
    parameters,
    samples,
    batchSize,
  })
  try {
    const product = new Float32Array(layout.size)
    await operator.apply(vector, 1, product)
    const { top } = await extremeEigenpairs(operator, {
      top: 5,
      bottom: 0,
      tolerance: 1e-5,
      maxProducts: 400,
      stream: stream.fork('eigenpairs'),
    })
    return {
      loss: Math.abs(loss! / value![0]! - 1),
      gradient: relative(
        slope,
        slopes.flatMap((part) => [...part]),
      ),
      product: relative(product, reference(vector)),
      eigenvalues: Math.max(
        ...top.map((pair, i) => Math.abs(pair.value / values[layout.size - 1 - i]! - 1)),
      ),
    }
  } finally {
    await operator.release()
  }
}
