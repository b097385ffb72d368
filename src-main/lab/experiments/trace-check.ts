import { createStream } from '#base'
import { estimateTrace } from '#geometry/spectral'
import { fullyConnected, initializeParameters } from '#learn/models'
import { sampleGaussianMixture } from '#learn/datasets'
import { curvatureOfSamples } from './curvature-of-samples.ts'

/** An estimated trace beside the exact one. */
export interface TraceCheck {
  readonly parameterCount: number
  /** Σ Hᵢᵢ from one product a parameter. */
  readonly exact: number
  readonly estimate: number
  readonly standardError: number
}

/**
 * Compares Hutchinson's estimate of tr H with the exact trace on a network small enough to multiply out
 * (an untrained tanh network on a Gaussian mixture).
 *
 * Cost: one product a parameter, and 64 probes. Deterministic for a given seed.
 */
export async function checkTrace(seed: number): Promise<TraceCheck> {
  const model = fullyConnected({
    widths: [6, 12, 8, 4],
    activation: 'tanh',
    bias: true,
    targets: 'classes',
    initialization: 'lecun-normal',
  })
  const samples = sampleGaussianMixture(
    { dimension: 6, classes: 4, samples: 200, separation: 3, noise: 1, labelNoise: 0 },
    createStream(seed, 'trace-check', 'data'),
  )
  const operator = await curvatureOfSamples({
    kind: 'hessian',
    model,
    loss: 'cross-entropy',
    parameters: initializeParameters(model, createStream(seed, 'trace-check', 'weights')),
    samples,
  })
  try {
    const n = model.layout.size
    const identity = new Float32Array(n * n)
    for (let i = 0; i < n; i += 1) identity[i * n + i] = 1
    const hessian = new Float32Array(n * n)
    await operator.apply(identity, n, hessian)
    let exact = 0
    for (let i = 0; i < n; i += 1) exact += hessian[i * n + i]!
    const { trace } = await estimateTrace(operator, {
      probes: 64,
      stream: createStream(seed, 'trace-check', 'probes'),
    })
    return { parameterCount: n, exact, estimate: trace.mean, standardError: trace.standardError }
  } finally {
    await operator.release()
  }
}
