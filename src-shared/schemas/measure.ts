import { z } from 'zod'

/** The symmetric matrix that is measured; G, E, the Fishers and K as in the README of `geometry/curvature`. */
export const operatorSchema = z.enum([
  'hessian',
  'ggn',
  'residual',
  'fisher',
  'monte-carlo-fisher',
  'empirical-fisher',
  'gradient-covariance',
  'ntk',
])

const operatorMeta = {
  title: 'Matrix',
  description:
    'The Hessian H, its Gauss–Newton part G, the residual part H − G, a Fisher matrix, the gradient covariance, or the NTK Gram matrix of the outputs.',
}

/** What every measurement can be told: of which matrix, on which data, when. */
const common = {
  operator: operatorSchema.default('hessian').meta(operatorMeta),
  draws: z.int().min(1).max(1_000).default(1).meta({
    title: 'Label draws',
    advanced: true,
    description: 'Labels drawn for each sample, for the Monte-Carlo Fisher.',
  }),
  tensors: z.array(z.string().min(1).max(200)).min(1).max(200).optional().meta({
    title: 'Tensors',
    advanced: true,
    description:
      'Only the block of these parameters: names, or beginnings of names such as layers.0; default: all.',
  }),
  split: z
    .enum(['training', 'validation'])
    .default('training')
    .meta({ title: 'Data', advanced: true }),
  samples: z.int().min(1).max(10_000_000).optional().meta({
    title: 'Samples',
    advanced: true,
    description: 'At most this many, drawn by the seed; default: as for the whole experiment.',
  }),
  at: z.enum(['end', 'snapshots']).default('end').meta({
    title: 'When',
    advanced: true,
    description: 'After training, or at each kept snapshot of it.',
  }),
}

const tolerance = z.number().positive().max(0.1).default(1e-3).meta({
  title: 'Tolerance',
  description:
    'Residual ‖Hv − λv‖ as a share of |λ|, or of 1 % of the largest |λ| where that is more.',
})

const budget = z
  .int()
  .min(2)
  .max(100_000)
  .default(600)
  .meta({ title: 'Budget', description: 'Matrix-vector products at most.' })

const blockSize = z.int().min(0).max(64).default(1).meta({
  title: 'Block size',
  advanced: true,
  description:
    'Vectors a product. 2 mostly spares the look for further copies of multiple eigenvalues, and pays where products are dear (convolutions); 0: what is cheapest by a measurement of the products’ cost, whose choice may change the last digits from run to run.',
})

/** How sure an estimate over random probes should be. */
const sampling = {
  probes: z.int().min(2).max(100_000).default(64).meta({
    title: 'Probes',
    description: 'Random vectors, each a product; with a precision, how many to begin with.',
  }),
  precision: z.number().positive().max(0.5).optional().meta({
    title: 'Precision',
    description: 'Go on until the standard error is this share of the value, e.g. 0.02.',
  }),
  maxProducts: z.int().min(2).max(1_000_000).default(4_000).meta({
    title: 'Budget',
    advanced: true,
    description: 'Products at most, with a precision.',
  }),
}

/** Scalars that sum up a spectrum. */
export const scalarQuantitySchema = z.enum([
  'square-trace',
  'effective-rank',
  'participation-ratio',
  'effective-dimension',
  'bulk-ratio',
  'goldilocks-ratio',
])

/** What is measured on the network, of the matrix chosen for the mean loss over samples. */
export const measureSchema = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('eigenpairs'),
      top: z.int().min(0).max(200).default(10).meta({ title: 'Largest' }),
      bottom: z.int().min(0).max(200).default(3).meta({ title: 'Smallest' }),
      tolerance,
      maxProducts: budget,
      blockSize,
      multiples: z.boolean().default(true).meta({
        title: 'Find multiples',
        advanced: true,
        description:
          'Look for further copies of each eigenvalue after the search has converged; without, it takes about a third fewer products.',
      }),
      keepVectors: z.boolean().default(false).meta({
        title: 'Keep the vectors',
        advanced: true,
        description: 'As a file of the run, as large as the weights for each vector.',
      }),
      ...common,
    })
    .meta({ title: 'Extreme eigenpairs' }),
  z
    .strictObject({
      kind: z.literal('interior'),
      target: z
        .number()
        .default(0)
        .meta({ title: 'Near', description: 'Eigenvalues nearest to it.' }),
      count: z.int().min(1).max(100).default(5).meta({ title: 'How many' }),
      tolerance: z.number().positive().max(0.1).default(1e-2).meta({
        title: 'Tolerance',
        description:
          'Residual ‖Hv − λv‖ as a share of the largest |λ|; inside a dense spectrum a tenth of it costs ten times as much.',
      }),
      maxProducts: budget.default(5_000),
      ...common,
    })
    .meta({ title: 'Interior eigenvalues' }),
  z
    .strictObject({
      kind: z.literal('trace'),
      method: z.enum(['hutchinson', 'hutch++', 'xtrace']).default('hutchinson').meta({
        title: 'Method',
        description:
          'Hutchinson’s mean of zᵀHz; Hutch++ and XTrace also project out large eigenvalues, which saves products where a few stand out.',
      }),
      ...sampling,
      ...common,
    })
    .meta({ title: 'Trace' }),
  z
    .strictObject({
      kind: z.literal('scalar'),
      quantity: scalarQuantitySchema.default('square-trace').meta({
        title: 'Quantity',
        description:
          'In this order: tr H², tr H/λmax, (tr H)²/tr H², Σ |λ|/(|λ| + μ), λmax over the root mean square without outliers, tr H/‖H‖.',
      }),
      scale: z.number().positive().default(1e-3).meta({
        title: 'Scale μ',
        advanced: true,
        description: 'Of the effective dimension Σ |λ|/(|λ| + μ), as a share of the largest |λ|.',
      }),
      ...sampling,
      ...common,
    })
    .meta({ title: 'Scalar' }),
  z
    .strictObject({ kind: z.literal('diagonal'), ...sampling, ...common })
    .meta({ title: 'Diagonal' }),
  z
    .strictObject({
      kind: z.literal('density'),
      probes: z
        .int()
        .min(2)
        .max(1_000)
        .default(4)
        .meta({ title: 'Probes', description: 'Random vectors to start from.' }),
      steps: z
        .int()
        .min(2)
        .max(1_000)
        .default(80)
        .meta({ title: 'Lanczos steps', description: 'Products for each probe.' }),
      outliers: z.int().min(0).max(200).default(10).meta({
        title: 'Outliers',
        description:
          'Extreme eigenvalues to find first, at most: what stands off the bulk is counted exactly and kept out of the probes; 0 for none.',
      }),
      level: z.number().min(0.5).max(0.999).default(0.95).meta({
        title: 'Level',
        advanced: true,
        description: 'Of the band over probes, at each point.',
      }),
      resamples: z.int().min(0).max(50).default(0).meta({
        title: 'Data groups',
        description:
          'Groups of samples that are left out in turn for a band over the data (a jackknife); each costs as much as the density itself. 0 for none.',
      }),
      crossCheck: z.boolean().default(false).meta({
        title: 'Cross-check',
        advanced: true,
        description: 'Also by Chebyshev moments (kernel polynomials), at the same cost again.',
      }),
      ...common,
    })
    .meta({ title: 'Spectral density' }),
  z
    .strictObject({
      kind: z.literal('evolution'),
      top: z.int().min(1).max(200).default(10).meta({ title: 'Largest' }),
      bottom: z.int().min(0).max(200).default(1).meta({ title: 'Smallest' }),
      tolerance,
      maxProducts: budget.meta({
        title: 'Budget',
        description: 'Matrix-vector products at most, a snapshot.',
      }),
      blockSize,
      // A gradient has no share in the space of outputs.
      operator: operatorSchema.exclude(['ntk']).default('hessian').meta(operatorMeta),
      draws: common.draws,
      tensors: common.tensors,
      split: common.split,
      samples: common.samples,
    })
    .meta({
      title: 'Evolution over snapshots',
      description:
        'Leading eigenvalues and their space at each kept snapshot, which Training has to keep: More, Snapshots.',
    }),
  z.strictObject({ kind: z.literal('dense'), ...common }).meta({
    title: 'Whole spectrum',
    description: 'All eigenvalues of the dense matrix in float64, for 5,000 parameters at most.',
  }),
])

/** A measurement as given: all but its kind may be left out. */
export type MeasureInput = z.input<typeof measureSchema>
export type MeasureSpec = z.infer<typeof measureSchema>
export type OperatorKind = z.infer<typeof operatorSchema>
export type ScalarQuantity = z.infer<typeof scalarQuantitySchema>
