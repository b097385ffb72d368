import type { DensityDocument, EigenpairsDocument, TraceDocument } from '#shared/schemas'
import { smoothDensity } from '#shared/statistics'
import { uniformFrom } from './make-metrics.ts'

const common = {
  note: '',
  seed: 0,
  parameterCount: 3_466,
  sampleCount: 1_438,
  step: 920,
  operator: 'hessian',
  size: null,
  tensors: null,
  split: 'training',
} as const

const outliers = [4.218, 3.674, 3.101, 2.745, 2.204, 1.873, 1.512, 1.204, 0.962, 0.513]

/** Ten outliers, as many as classes, and the smallest three. */
export function makeEigenpairs(): EigenpairsDocument {
  const uniform = uniformFrom(3)
  return {
    kind: 'eigenpairs',
    ...common,
    index: 0,
    status: 'converged',
    method: 'Lanczos, full reorthogonalization, depth 124',
    cost: { products: 124, elapsedMs: 812 },
    tolerance: 1e-3,
    top: outliers.map((value, i) => ({
      value: value + 0.000_7 * uniform(),
      residual: 2e-8 * 2.2 ** i * (0.5 + uniform()),
    })),
    bottom: [-0.0823, -0.0617, -0.0424].map((value, i) => ({
      value: value + 0.000_07 * uniform(),
      residual: 3e-7 * 5 ** i * (0.5 + uniform()),
    })),
    orthogonalityLoss: 3.1e-13,
    blockSize: 1,
    fileName: null,
  }
}

export function makeTrace(): TraceDocument {
  return {
    kind: 'trace',
    ...common,
    index: 1,
    status: 'estimated',
    method: 'Hutchinson, Rademacher probes',
    cost: { products: 64, elapsedMs: 401 },
    value: 37.284,
    standardError: 0.918,
    probes: 64,
    precision: null,
  }
}

/** A bulk at 0 with a tail, a few negative values, and the outliers. */
export function makeDensity(probes = 10, steps = 40): DensityDocument {
  const uniform = uniformFrom(5)
  const rows = Array.from({ length: probes }, () => {
    const nodes: number[] = []
    const weights: number[] = []
    const add = (node: number, weight: number): void => {
      nodes.push(node)
      weights.push(weight * (0.6 + 0.8 * uniform()))
    }
    for (let i = 0; i < 5; i += 1) add(-0.08 * (0.2 + uniform()) * 0.5 ** i, 0.004 * 2.1 ** i)
    for (let i = 0; i < steps - 15; i += 1)
      add(0.42 * 0.62 ** i * (0.8 + 0.4 * uniform()), 0.004 * 1.16 ** i)
    for (const value of outliers) add(value, 1 / common.parameterCount)
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    const order = nodes.map((_, i) => i).sort((a, b) => nodes[a]! - nodes[b]!)
    return { nodes: order.map((i) => nodes[i]!), weights: order.map((i) => weights[i]! / total) }
  })
  const nodes = rows.map((row) => row.nodes)
  const weights = rows.map((row) => row.weights)
  const curve = smoothDensity({ nodes, weights }, { coordinate: { kind: 'linear' } })
  return {
    kind: 'density',
    ...common,
    index: 2,
    status: 'estimated',
    method: 'Stochastic Lanczos quadrature, full reorthogonalization',
    cost: { products: probes * steps, elapsedMs: 2_604 },
    probes,
    steps,
    nodes,
    weights,
    weightSum: 1,
    kernel: { form: 'gaussian', standardDeviation: curve.kernelDeviation },
    grid: [...curve.u],
    density: [...curve.density],
    lower: [...curve.lower],
    upper: [...curve.upper],
    moments: {
      mean: 0.010_74,
      meanStandardError: 0.000_31,
      square: 0.0203,
      squareStandardError: 0.0011,
    },
    level: null,
    atoms: [],
    zero: null,
    negative: null,
    selfCheck: null,
    crossCheck: null,
    resampling: null,
    orthogonalityLoss: 2.4e-13,
  }
}
