import type {
  DenseDocument,
  DensityDocument,
  DiagonalDocument,
  Eigenpair,
  EigenpairsDocument,
  EvolutionDocument,
  InteriorDocument,
  MeasurementDocument,
  ScalarDocument,
} from '#shared/schemas'
import {
  countNegative,
  quadratureTridiagonal,
  smoothDensity,
  weightedNodes,
  zeroMass,
  type Quadrature,
} from '#shared/statistics'
import { uniformFrom } from './make-metrics.ts'

/** Parameters of an MLP 16-16-10 with biases. */
export const dimension = 442
export const snapshotSteps = [0, 10, 30, 100, 300, 920]
const tensors = [
  ['layers.0.weight', 256],
  ['layers.0.bias', 16],
  ['layers.1.weight', 160],
  ['layers.1.bias', 10],
] as const
const outlierCount = 9

/** What all documents have in common. */
const common = {
  status: 'converged',
  note: '',
  seed: 0,
  parameterCount: dimension,
  sampleCount: 1_438,
  step: 920,
  operator: 'hessian',
  size: null,
  tensors: null,
  split: 'training',
} as const

/** All eigenvalues at a step, ascending: outliers that grow, a bulk, a few negative values, and values at zero. */
export function spectrumAt(step: number): number[] {
  const uniform = uniformFrom(17)
  const growth = 1 - Math.exp(-step / 120)
  const outliers = Array.from(
    { length: outlierCount },
    (_, i) => (0.25 + 4 * growth) * 0.82 ** i * (0.95 + 0.1 * uniform()),
  )
  const negative = Array.from({ length: 60 }, (_, i) => -0.08 * (1.2 - growth) * 0.93 ** i)
  const zeros = Array.from({ length: 50 }, () => 0)
  const bulk = Array.from(
    { length: dimension - outlierCount - 110 },
    (_, i) => 0.2 * (1 - 0.5 * growth) * 0.985 ** i * (0.9 + 0.2 * uniform()),
  )
  return [...outliers, ...negative, ...zeros, ...bulk].sort((a, b) => a - b)
}

/** Lanczos with full reorthogonalization on a diagonal matrix from a random start: a row of its quadrature. */
function quadratureRow(values: readonly number[], steps: number, uniform: () => number) {
  const scale = (v: readonly number[], factor: number): number[] => v.map((x) => x * factor)
  const dot = (v: readonly number[], w: readonly number[]): number =>
    v.reduce((sum, x, i) => sum + x * w[i]!, 0)
  const gaussian = (): number =>
    Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  const start = values.map(gaussian)
  const basis = [scale(start, 1 / Math.sqrt(dot(start, start)))]
  const diagonal: number[] = []
  const offDiagonal: number[] = []
  for (let k = 0; k < steps; k += 1) {
    const q = basis[k]!
    let w = q.map((x, i) => x * values[i]!)
    diagonal.push(dot(q, w))
    for (let pass = 0; pass < 2; pass += 1) {
      for (const row of basis) {
        const along = dot(row, w)
        w = w.map((x, i) => x - along * row[i]!)
      }
    }
    offDiagonal.push(Math.sqrt(dot(w, w)))
    basis.push(scale(w, 1 / offDiagonal[k]!))
  }
  return quadratureTridiagonal(diagonal, offDiagonal.slice(0, -1))
}

/** A density with everything that can be asked for, of the spectrum at a step. */
export function makeFullDensity(step = 920, index = 5): DensityDocument {
  const [probes, steps, level] = [6, 30, 0.95]
  const values = spectrumAt(step)
  const uniform = uniformFrom(step + 5)
  const rest = values.slice(0, -outlierCount)
  const rows = Array.from({ length: probes }, () => quadratureRow(rest, steps, uniform))
  const atoms = values.slice(-outlierCount).map((value) => ({ value, residual: 1e-5 * value }))
  const quadrature: Quadrature = {
    nodes: rows.map(({ nodes }) => nodes),
    weights: rows.map(({ weights }) => weights),
    atoms,
    dimension,
    steps,
  }
  const curve = smoothDensity(quadrature, { coordinate: { kind: 'linear' }, level })
  const points = weightedNodes(quadrature)
  const moment = (power: number): number =>
    points.reduce((sum, { value, weight }) => sum + weight * value ** power, 0)
  const truth = (power: number): number =>
    values.reduce((sum, value) => sum + value ** power, 0) / dimension
  const check = (power: number, error: number) => ({
    quadrature: { value: moment(power), standardError: error },
    reference: { value: truth(power), standardError: error },
    z: (moment(power) - truth(power)) / (Math.SQRT2 * error),
  })
  return {
    kind: 'density',
    ...common,
    index,
    step,
    status: 'estimated',
    method: 'stochastic Lanczos quadrature, 6 spherical probes in lockstep, 30 steps',
    cost: { products: probes * steps + 60, elapsedMs: 1_204 },
    probes,
    steps,
    nodes: quadrature.nodes.map((row) => [...row]),
    weights: quadrature.weights.map((row) => [...row]),
    weightSum: 1,
    kernel: { form: 'gaussian', standardDeviation: curve.kernelDeviation },
    grid: [...curve.u],
    density: [...curve.density],
    lower: [...curve.lower],
    upper: [...curve.upper],
    moments: {
      mean: moment(1),
      meanStandardError: 0.0012,
      square: moment(2),
      squareStandardError: 0.0003,
    },
    level,
    atoms,
    zero: zeroMass(quadrature, 2 ** -23, level),
    negative: countNegative(quadrature, 2 ** -23, level),
    selfCheck: { mean: check(1, 0.0012), square: check(2, 0.0003), passes: true },
    crossCheck: { momentDifference: 0.0006, wasserstein: 0.0021, degree: 60, passes: true },
    resampling: {
      groups: 8,
      lower: curve.lower.map((x) => 0.8 * x),
      upper: curve.upper.map((x) => 1.25 * x),
    },
    orthogonalityLoss: 3.2e-7,
  }
}

const pairsOf = (values: readonly number[]): Eigenpair[] =>
  values.map((value) => ({ value, residual: 2e-5 * Math.abs(value) }))

/** Extreme eigenvalues of the spectrum at a step. */
export function makeEigenpairsAt(step: number, index = 0): EigenpairsDocument {
  const values = spectrumAt(step)
  return {
    kind: 'eigenpairs',
    ...common,
    index,
    step,
    method: 'thick-restart Lanczos, block size 2',
    cost: { products: 84, elapsedMs: 512 },
    tolerance: 1e-3,
    top: pairsOf(values.slice(-5).toReversed()),
    bottom: pairsOf(values.slice(0, 2)),
    orthogonalityLoss: 4.1e-8,
    blockSize: 2,
    fileName: null,
  }
}

/** Eigenvalues nearest 0 of which the last is not settled. */
export function makeInterior(): InteriorDocument {
  return {
    kind: 'interior',
    ...common,
    index: 1,
    status: 'not-converged',
    note: '3 of 4 values converged within 4,000 products; allow more products or ask for fewer values.',
    method: 'Lanczos on a Chebyshev filter of degree 120',
    cost: { products: 4_000, elapsedMs: 6_204 },
    target: 0,
    tolerance: 1e-3,
    pairs: [
      { value: 1.2e-5, residual: 2e-7 },
      { value: -3.4e-5, residual: 3e-7 },
      { value: 5.1e-5, residual: 8e-7 },
      { value: 7.7e-5, residual: 2e-4 },
    ],
    orthogonalityLoss: 3e-7,
  }
}

/** A number of the spectrum; without a value where it is not defined. */
export function makeScalar(
  quantity: ScalarDocument['quantity'],
  value: number | null,
  index = 3,
): ScalarDocument {
  return {
    kind: 'scalar',
    ...common,
    index,
    status: value === null ? 'out-of-domain' : 'estimated',
    note: value === null ? 'λmax is not positive, so that the ratio means nothing.' : '',
    method: 'Hutchinson, 64 Rademacher probes',
    cost: { products: 148, elapsedMs: 702 },
    quantity,
    value,
    standardError: value === null ? null : 0.02 * value,
    precision: 0.02,
    parts: [
      { name: 'tr A', value: 21.4, standardError: 0.41 },
      { name: 'λmax', value: 4.24, standardError: 0.0001 },
    ],
  }
}

export function makeDiagonal(): DiagonalDocument {
  return {
    kind: 'diagonal',
    ...common,
    index: 4,
    status: 'estimated',
    method: 'Hutchinson, 200 Rademacher probes',
    cost: { products: 200, elapsedMs: 1_105 },
    probes: 200,
    precision: null,
    rmsStandardError: 0.011,
    rms: 0.083,
    quantiles: [
      [0, -0.04],
      [0.05, -0.006],
      [0.5, 0.021],
      [0.95, 0.19],
      [1, 0.44],
    ].map(([share, value]) => ({ share: share!, value: value! })),
    parts: tensors.map(([name, size], i) => ({
      name,
      size,
      value: [9.3, 1.1, 10.2, 0.8][i]!,
      standardError: [0.21, 0.06, 0.25, 0.04][i]!,
    })),
    fileName: 'diagonal-4-000000920.npy',
  }
}

/** Leading eigenvalues, gradient and overlap over the snapshots; one snapshot was not finished. */
export function makeEvolution(): EvolutionDocument {
  const top = 5
  const rows = snapshotSteps.map((step, i) => {
    const values = spectrumAt(step)
    return {
      step,
      status: step === 30 ? ('not-converged' as const) : ('converged' as const),
      top: pairsOf(values.slice(-top).toReversed()),
      bottom: pairsOf(values.slice(0, 1)),
      products: 62 - 4 * i,
      gradientNorm: 1.4 * Math.exp(-step / 220) + 0.05,
      gradientShare: 0.35 + 0.5 * (1 - Math.exp(-step / 60)),
      gradientShareP: i === 0 ? 1e-9 : 1e-200,
      angles: i === 0 ? null : Array.from({ length: top }, (_, k) => (0.1 * (k + 1)) / (1 + i)),
      overlap: i === 0 ? null : 0.72 + 0.05 * i,
      outliers: step < 30 ? null : outlierCount,
      gapRatio: step < 30 ? null : 4.1,
    }
  })
  return {
    kind: 'evolution',
    ...common,
    index: 6,
    status: 'not-converged',
    note: 'Step 30: 4 of 6 eigenvalues converged within 60 products.',
    method: 'thick-restart Lanczos from the vectors of the snapshot before',
    cost: { products: 300, elapsedMs: 2_840 },
    tolerance: 1e-3,
    rows,
    dimension: top,
    chance: {
      gradientShare: top / dimension,
      gradientShare95: 2.2 * (top / dimension),
      overlap: top / dimension,
    },
    classCount: 10,
  }
}

export function makeDense(): DenseDocument {
  return {
    kind: 'dense',
    ...common,
    index: 7,
    status: 'exact',
    method: 'dense matrix in float64, Householder and implicit QL',
    cost: { products: dimension, elapsedMs: 1_920 },
    eigenvalues: spectrumAt(920),
    asymmetry: 3.1e-16,
  }
}

/** The trace at a step. */
export const makeTraceAt = (step: number, index = 2): MeasurementDocument => ({
  kind: 'trace',
  ...common,
  index,
  step,
  status: step === 30 ? 'not-converged' : 'estimated',
  note: step === 30 ? 'The standard error is 3 % of the value after 4,000 products.' : '',
  method: 'Hutch++, 60 products',
  cost: { products: 60, elapsedMs: 312 },
  value: spectrumAt(step).reduce((sum, value) => sum + value, 0),
  standardError: 0.4,
  probes: 60,
  precision: 0.02,
})

/** A document of another matrix. */
export const ofMatrix = <D extends MeasurementDocument>(
  document: D,
  matrix: Partial<Pick<D, 'operator' | 'tensors' | 'split' | 'size' | 'index' | 'status' | 'note'>>,
): D => ({ ...document, ...matrix })

/** Every kind of measurement in every status, of several matrices, at the end and at snapshots. */
export function makeEveryMeasurement(): MeasurementDocument[] {
  const density = makeFullDensity(920, 10)
  const check = density.selfCheck!
  return [
    ...snapshotSteps.map((step) => makeEigenpairsAt(step)),
    makeInterior(),
    ...snapshotSteps.map((step) => makeTraceAt(step)),
    makeScalar('effective-rank', 5.05),
    makeDiagonal(),
    ...snapshotSteps.map((step) => makeFullDensity(step)),
    makeEvolution(),
    makeDense(),
    ofMatrix(makeEigenpairsAt(920, 8), { operator: 'ggn', status: 'not-converged' }),
    ofMatrix(makeScalar('bulk-ratio', null, 9), { operator: 'ggn' }),
    {
      ...ofMatrix(density, {
        operator: 'ggn',
        status: 'inconsistent',
        note: 'Its moments contradict independent estimates: the products may be wrong.',
      }),
      selfCheck: { ...check, square: { ...check.square, z: 9.7 }, passes: false },
    },
    ofMatrix(makeEigenpairsAt(920, 11), {
      tensors: ['layers.0.weight', 'layers.0.bias'],
      size: 272,
      split: 'validation',
    }),
  ]
}
