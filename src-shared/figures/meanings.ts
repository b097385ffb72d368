import type { OperatorKind } from '../schemas/index.ts'
import type { Definition } from './definitions.ts'
import { matrixWords } from './measured-matrix.ts'

/** Definitions of the matrices, with ℓ the loss of a sample, f its outputs, J their Jacobian, g its gradient, and r = ∂ℓ/∂f. */
const matrixDefinitions: Record<OperatorKind, string> = {
  hessian:
    '∇²L in all n parameters; of a block only its tensors, and where it says so of the validation data.',
  ggn: '(1/N) Σ Jᵀ(∇²ℓ)J with ∇²ℓ in the outputs; never negative for a convex ℓ.',
  residual: 'H − G = (1/N) Σ r·∇²f, what the curvature of the network itself adds.',
  fisher: '(1/N) Σ E[ggᵀ] with labels from the network’s own law; equal to G for both losses.',
  'monte-carlo-fisher': 'F with drawn labels in place of the expectation.',
  'empirical-fisher': '(1/N) Σ ggᵀ with the true labels.',
  'gradient-covariance': 'the empirical Fisher less ḡḡᵀ of the mean gradient ḡ.',
  ntk: 'JJᵀ of all outputs of all samples, not divided by N.',
}

/** What the symbols of all figures and tables mean. */
export const meanings: readonly Definition[] = [
  {
    term: 'L',
    value:
      'The mean loss over the training samples. Weight decay is not part of it. Squared error is ½‖f − y‖² for each sample.',
  },
  ...Object.entries(matrixWords).map(([kind, { symbol, name }]) => ({
    term: symbol,
    value: `The ${name}: ${matrixDefinitions[kind as OperatorKind]}`,
  })),
  { term: 'n', value: 'The order of the matrix: parameters, or outputs of all samples for K.' },
  {
    term: 'Residual',
    value:
      '‖Hv − λv‖ for the unit vector v, computed anew at the end. An eigenvalue of H lies at most this far from λ.',
  },
  {
    term: 's.e.',
    value:
      'One standard error over independent probes, which a number with ± carries. Several eigenvalues or numbers are not independent of each other.',
  },
  {
    term: 'bulk',
    value: 'The root mean square of the eigenvalues that are left without the outliers.',
  },
  { term: '‖H‖', value: 'The Frobenius norm, √(tr H²).' },
  {
    term: 'Density',
    value:
      'Stochastic Lanczos quadrature: Σ τδ(λ − θ) averaged over probes, with eigenvalues found first counted exactly, smoothed by a Gaussian kernel whose standard deviation the caption states. The area under it is 1.',
  },
  {
    term: 'Band',
    value:
      'At its level, stated in the caption, it holds the density of all eigenvalues under the same kernel at a point, not at all points at once. A run of an earlier version has the mean ± 2 standard errors.',
  },
  {
    term: 'Negative, zero',
    value:
      'An eigenvalue counts as zero within the rounding of the products; an interval of negative ones goes from those surely below zero to those not surely above.',
  },
  {
    term: 'Moment self-check',
    value:
      'tr H / n and tr H² / n of the density against Hutchinson’s estimates from fresh probes. Where it does not hold, products or density are wrong.',
  },
  {
    term: 'Gradient share, p',
    value:
      '‖Uᵀ∇L‖²/‖∇L‖² of the gradient in the span U of the leading eigenvectors, and the probability that a random direction has as much.',
  },
  {
    term: 'Outliers, gap',
    value:
      'Leading eigenvalues ahead of the largest relative gap, and the ratio across it; none where no gap is clear.',
  },
]
