import { z } from 'zod'
import { operatorSchema, scalarQuantitySchema } from './measure.ts'

/**
 * How a measurement ended. `not-converged` and `out-of-domain` are answers, not failures; `inconsistent`: it
 * contradicts an independent check and must not be used.
 */
export const measurementStatusSchema = z.enum([
  'converged',
  'not-converged',
  'estimated',
  'exact',
  'out-of-domain',
  'inconsistent',
])

const common = {
  /** Position in the spec's `measure` list. */
  index: z.int().min(0),
  status: measurementStatusSchema,
  /** What the status means here, and what to try; empty when there is nothing to say. */
  note: z.string(),
  /** Name of the algorithm with its settings, e.g. `Lanczos, full reorthogonalization, depth 120`. */
  method: z.string(),
  seed: z.int(),
  /** Parameters of the network, n. */
  parameterCount: z.int(),
  /** Samples the mean loss runs over. */
  sampleCount: z.int(),
  /** Training step of the checkpoint measured. */
  step: z.int(),
  /** The matrix measured; what is missing in documents of earlier versions is theirs by default. */
  operator: operatorSchema.default('hessian'),
  /** Order of that matrix; null where it is `parameterCount`. */
  size: z.int().nullable().default(null),
  /** Names of the tensors whose block it is; null for all. */
  tensors: z.array(z.string()).nullable().default(null),
  /** Which samples. */
  split: z.enum(['training', 'validation']).default('training'),
  cost: z.strictObject({ products: z.int(), elapsedMs: z.number() }),
}

/** An eigenvalue with the norm of its residual ‖Hv − λv‖, ‖v‖ = 1, with the rounding of a product in it. */
export const eigenpairSchema = z.strictObject({ value: z.number(), residual: z.number() })

/** A value with one standard error. */
const estimateSchema = z.strictObject({ value: z.number(), standardError: z.number() })

/** Extreme eigenvalues; `top` descending, `bottom` ascending. */
export const eigenpairsDocumentSchema = z.strictObject({
  kind: z.literal('eigenpairs'),
  ...common,
  /** Residual allowed, as a share of |λ|, or of 1 % of the largest |λ| where that is more. */
  tolerance: z.number(),
  top: z.array(eigenpairSchema),
  bottom: z.array(eigenpairSchema),
  /** max |QᵀQ − I| over the Krylov basis, measured at the end. */
  orthogonalityLoss: z.number(),
  /** Vectors a product. */
  blockSize: z.int().default(1),
  /** The file of the run that holds the vectors; null if they were not kept. */
  fileName: z.string().nullable().default(null),
})

/** Eigenvalues nearest to a target, the nearest first. */
export const interiorDocumentSchema = z.strictObject({
  kind: z.literal('interior'),
  ...common,
  target: z.number(),
  tolerance: z.number(),
  pairs: z.array(eigenpairSchema),
  orthogonalityLoss: z.number(),
})

/** The trace with its standard error. */
export const traceDocumentSchema = z.strictObject({
  kind: z.literal('trace'),
  ...common,
  value: z.number(),
  standardError: z.number(),
  probes: z.int(),
  /** Share of the value that the standard error was to reach; null if the products were given. */
  precision: z.number().nullable().default(null),
})

/** A number that sums up a spectrum; null where it is not defined. */
export const scalarDocumentSchema = z.strictObject({
  kind: z.literal('scalar'),
  ...common,
  quantity: scalarQuantitySchema,
  value: z.number().nullable(),
  standardError: z.number().nullable(),
  precision: z.number().nullable(),
  /** What it was made of, by name, e.g. `tr A` and `λmax`. */
  parts: z.array(z.strictObject({ name: z.string(), ...estimateSchema.shape })),
})

/** The diagonal by Hutchinson; the vector itself is a file of the run. */
export const diagonalDocumentSchema = z.strictObject({
  kind: z.literal('diagonal'),
  ...common,
  probes: z.int(),
  precision: z.number().nullable(),
  /** Root mean square of the entries' standard errors, and of the entries. */
  rmsStandardError: z.number(),
  rms: z.number(),
  quantiles: z.array(z.strictObject({ share: z.number(), value: z.number() })),
  /** Sums over tensors: their parts of the trace. */
  parts: z.array(z.strictObject({ name: z.string(), size: z.int(), ...estimateSchema.shape })),
  /** The file of the run that holds the entries; null if it was not kept. */
  fileName: z.string().nullable(),
})

/** A moment of a quadrature against an independent estimate. */
const momentCheckSchema = z.strictObject({
  quadrature: estimateSchema,
  reference: estimateSchema,
  /** Difference in units of its standard error. */
  z: z.number(),
})

const intervalSchema = z.strictObject({ value: z.number(), lower: z.number(), upper: z.number() })

/** Spectral density by stochastic Lanczos quadrature. */
export const densityDocumentSchema = z.strictObject({
  kind: z.literal('density'),
  ...common,
  probes: z.int(),
  steps: z.int(),
  /** Ritz values θ and weights τ, one row a probe; each row of weights sums to 1. */
  nodes: z.array(z.array(z.number())),
  weights: z.array(z.array(z.number())),
  /** Sum of weights averaged over probes; 1 up to rounding. */
  weightSum: z.number(),
  /** Gaussian kernel on the stated axis: the density is that of θ plus noise of this deviation. */
  kernel: z.strictObject({ form: z.literal('gaussian'), standardDeviation: z.number() }),
  /** Grid of λ, and on it the mean density with a band over probes (mean ± 2 standard errors). */
  grid: z.array(z.number()),
  density: z.array(z.number()),
  lower: z.array(z.number()),
  upper: z.array(z.number()),
  /** First moments: Σ τθ and Σ τθ² averaged over probes, with standard errors; estimates of tr H/n and tr H²/n. */
  moments: z.strictObject({
    mean: z.number(),
    meanStandardError: z.number(),
    square: z.number(),
    squareStandardError: z.number(),
  }),
  /** Level of the band at each point; null for mean ± 2 standard errors over probes. */
  level: z.number().nullable().default(null),
  /** Eigenvalues that were found first, each with weight 1/n; nodes are of the rest. */
  atoms: z.array(eigenpairSchema).default([]),
  /** Share of eigenvalues that lie within `threshold` of zero, at the level. */
  zero: z
    .strictObject({ ...intervalSchema.shape, threshold: z.number() })
    .nullable()
    .default(null),
  /** Number of negative eigenvalues, at the level. */
  negative: intervalSchema.nullable().default(null),
  /** tr A / n and tr A² / n of the quadrature against fresh Hutchinson estimates. */
  selfCheck: z
    .strictObject({ mean: momentCheckSchema, square: momentCheckSchema, passes: z.boolean() })
    .nullable()
    .default(null),
  /** Against Chebyshev moments of the same probes. */
  crossCheck: z
    .strictObject({
      /** Largest difference of a moment; each lies within ±1. */
      momentDifference: z.number(),
      /** Wasserstein-1 distance between both densities. */
      wasserstein: z.number(),
      degree: z.int(),
      passes: z.boolean(),
    })
    .nullable()
    .default(null),
  /** Band over probes and over data together, on `grid`; null without groups. */
  resampling: z
    .strictObject({ groups: z.int(), lower: z.array(z.number()), upper: z.array(z.number()) })
    .nullable()
    .default(null),
  orthogonalityLoss: z.number().nullable().default(null),
})

/** One snapshot of training in an evolution. */
export const evolutionRowSchema = z.strictObject({
  step: z.int(),
  status: measurementStatusSchema,
  top: z.array(eigenpairSchema),
  bottom: z.array(eigenpairSchema),
  products: z.int(),
  /** ‖∇L‖ over the samples. */
  gradientNorm: z.number(),
  /** ‖UᵀG‖²/‖G‖², the share of the gradient G in the span U of the leading eigenvectors; null for a zero gradient. */
  gradientShare: z.number().nullable(),
  /** Probability that a random direction has as much. */
  gradientShareP: z.number().nullable(),
  /** Principal angles to the leading space of the snapshot before, in radians, ascending; null for the first. */
  angles: z.array(z.number()).nullable(),
  /** Mean squared cosine of those angles. */
  overlap: z.number().nullable(),
  /** Leading eigenvalues ahead of the largest relative gap; null where no gap is clear. */
  outliers: z.int().nullable(),
  /** λ ahead of the gap over λ behind it; null without one. */
  gapRatio: z.number().nullable(),
})

/** Leading eigenvalues and their space over the snapshots of training. */
export const evolutionDocumentSchema = z.strictObject({
  kind: z.literal('evolution'),
  ...common,
  tolerance: z.number(),
  rows: z.array(evolutionRowSchema),
  /** Dimension k of the leading space. */
  dimension: z.int(),
  /** What random directions and spaces have: k/n and the 95 % quantile of the share, and the mean overlap. */
  chance: z.strictObject({
    gradientShare: z.number(),
    gradientShare95: z.number(),
    overlap: z.number(),
  }),
  /** Classes of the data; null for regression. */
  classCount: z.int().nullable(),
})

/** All eigenvalues in float64, ascending. */
export const denseDocumentSchema = z.strictObject({
  kind: z.literal('dense'),
  ...common,
  eigenvalues: z.array(z.number()),
  /** Largest |Aᵢⱼ − Aⱼᵢ| before it was made symmetric, as a share of the largest |Aᵢⱼ|. */
  asymmetry: z.number(),
})

/** Any measurement as stored and shown. */
export const measurementDocumentSchema = z.discriminatedUnion('kind', [
  eigenpairsDocumentSchema,
  interiorDocumentSchema,
  traceDocumentSchema,
  scalarDocumentSchema,
  diagonalDocumentSchema,
  densityDocumentSchema,
  evolutionDocumentSchema,
  denseDocumentSchema,
])

export type Eigenpair = z.infer<typeof eigenpairSchema>
export type MeasurementStatus = z.infer<typeof measurementStatusSchema>
export type EigenpairsDocument = z.infer<typeof eigenpairsDocumentSchema>
export type InteriorDocument = z.infer<typeof interiorDocumentSchema>
export type ScalarDocument = z.infer<typeof scalarDocumentSchema>
export type DiagonalDocument = z.infer<typeof diagonalDocumentSchema>
export type EvolutionRow = z.infer<typeof evolutionRowSchema>
export type EvolutionDocument = z.infer<typeof evolutionDocumentSchema>
export type DenseDocument = z.infer<typeof denseDocumentSchema>
export type TraceDocument = z.infer<typeof traceDocumentSchema>
export type DensityDocument = z.infer<typeof densityDocumentSchema>
export type MeasurementDocument = z.infer<typeof measurementDocumentSchema>
