import { z } from 'zod'

/** How a measurement ended. `not-converged` and `out-of-domain` are answers, not failures. */
export const measurementStatusSchema = z.enum([
  'converged',
  'not-converged',
  'estimated',
  'out-of-domain',
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
  cost: z.strictObject({ products: z.int(), elapsedMs: z.number() }),
}

/** An eigenvalue with the norm of its true residual ‖Hv − λv‖, ‖v‖ = 1. */
export const eigenpairSchema = z.strictObject({ value: z.number(), residual: z.number() })

/** Extreme eigenvalues of the Hessian; `top` descending, `bottom` ascending. */
export const eigenpairsDocumentSchema = z.strictObject({
  kind: z.literal('eigenpairs'),
  ...common,
  /** Residual allowed, as a share of |λ|, or of 1 % of the largest |λ| where that is more. */
  tolerance: z.number(),
  top: z.array(eigenpairSchema),
  bottom: z.array(eigenpairSchema),
  /** max |QᵀQ − I| over the Krylov basis, measured at the end. */
  orthogonalityLoss: z.number(),
})

/** tr H by Hutchinson with its standard error over probes. */
export const traceDocumentSchema = z.strictObject({
  kind: z.literal('trace'),
  ...common,
  value: z.number(),
  standardError: z.number(),
  probes: z.int(),
})

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
})

/** Any measurement as stored and shown. */
export const measurementDocumentSchema = z.discriminatedUnion('kind', [
  eigenpairsDocumentSchema,
  traceDocumentSchema,
  densityDocumentSchema,
])

export type MeasurementStatus = z.infer<typeof measurementStatusSchema>
export type EigenpairsDocument = z.infer<typeof eigenpairsDocumentSchema>
export type TraceDocument = z.infer<typeof traceDocumentSchema>
export type DensityDocument = z.infer<typeof densityDocumentSchema>
export type MeasurementDocument = z.infer<typeof measurementDocumentSchema>
