import type { MeasurementDocument, OperatorKind, ScalarQuantity } from '../schemas/index.ts'
import { formatCount } from './format.ts'

/** A matrix for people. */
export interface MatrixWord {
  readonly symbol: string
  /** For the middle of a sentence. */
  readonly name: string
}

/** What is measured: the glossary of symbols that stand in figures and tables. */
export const matrixWords: Record<OperatorKind, MatrixWord> = {
  hessian: { symbol: 'H', name: 'Hessian' },
  ggn: { symbol: 'G', name: 'Gauss–Newton matrix' },
  residual: { symbol: 'E', name: 'residual part' },
  fisher: { symbol: 'F', name: 'Fisher matrix' },
  'monte-carlo-fisher': { symbol: 'F̂', name: 'Monte-Carlo Fisher matrix' },
  'empirical-fisher': { symbol: 'F̃', name: 'empirical Fisher matrix' },
  'gradient-covariance': { symbol: 'C', name: 'gradient covariance' },
  ntk: { symbol: 'K', name: 'NTK Gram matrix' },
}

/** Names of the kinds of measurement. */
export const measurementNames: Record<MeasurementDocument['kind'], string> = {
  eigenpairs: 'Extreme eigenpairs',
  interior: 'Interior eigenvalues',
  trace: 'Trace',
  scalar: 'Scalar',
  diagonal: 'Diagonal',
  density: 'Spectral density',
  evolution: 'Evolution over snapshots',
  dense: 'Whole spectrum',
}

/** Names of the scalars that sum up a spectrum. */
export const quantityNames: Record<ScalarQuantity, string> = {
  'square-trace': 'Trace of the square',
  'effective-rank': 'Effective rank',
  'participation-ratio': 'Participation ratio',
  'effective-dimension': 'Effective dimension',
  'bulk-ratio': 'Largest eigenvalue over bulk',
  'goldilocks-ratio': 'Goldilocks ratio',
}

/** Which matrix a document is of. */
export type MeasuredMatrix = Pick<MeasurementDocument, 'operator' | 'tensors' | 'split'>

/** Whether it is what a run is known by: the whole Hessian of the training loss. */
export const isWholeHessian = ({ operator, tensors, split }: MeasuredMatrix): boolean =>
  operator === 'hessian' && tensors === null && split === 'training'

/** Equal for documents of the same matrix. */
export const matrixKey = ({ operator, tensors, split }: MeasuredMatrix): string =>
  JSON.stringify([operator, tensors, split])

/** The order of the matrix. */
export const matrixSize = ({ size, parameterCount }: MeasurementDocument): number =>
  size ?? parameterCount

/** Its symbol. */
export const matrixSymbol = ({ operator }: MeasuredMatrix): string => matrixWords[operator].symbol

/** The matrix with what sets it apart from the whole Hessian of the training loss, e.g. `G, block of layers.0.weight`. */
export function matrixText(matrix: MeasuredMatrix): string {
  return [matrixSymbol(matrix), ...scopeOf(matrix)].join(', ')
}

/** The matrix for the middle of a sentence, e.g. `Hessian` or `Hessian, block of layers.0.weight`. */
export const matrixPhrase = (matrix: MeasuredMatrix): string =>
  [matrixWords[matrix.operator].name, ...scopeOf(matrix)].join(', ')

/** The same with its name, at the beginning of a heading, e.g. `Gauss–Newton matrix G, validation data`. */
export function matrixHeading(matrix: MeasuredMatrix): string {
  const { name, symbol } = matrixWords[matrix.operator]
  const definition = matrix.operator === 'residual' ? ' = H − G' : ''
  const heading = `${name.charAt(0).toUpperCase()}${name.slice(1)} ${symbol}${definition}`
  return [heading, ...scopeOf(matrix)].join(', ')
}

function scopeOf({ tensors, split }: MeasuredMatrix): string[] {
  return [
    ...(tensors === null ? [] : [`block of ${tensorsText(tensors)}`]),
    ...(split === 'training' ? [] : ['validation data']),
  ]
}

function tensorsText(tensors: readonly string[]): string {
  const shown = tensors.slice(0, 2).join(' and ')
  return tensors.length <= 2
    ? shown
    : `${formatCount(tensors.length)} tensors from ${tensors[0] ?? ''}`
}

/** What a document holds, e.g. `Trace of G`; the whole Hessian is not named. */
export function measurementTitle(document: MeasurementDocument): string {
  const name =
    document.kind === 'scalar' ? quantityNames[document.quantity] : measurementNames[document.kind]
  return isWholeHessian(document) ? name : `${name} of ${matrixText(document)}`
}
