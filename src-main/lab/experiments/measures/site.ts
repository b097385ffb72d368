import type { RandomStream } from '#base'
import type { CurvatureOperator, DenseMatrix } from '#geometry/curvature'
import type { LinearOperator, Vector } from '#geometry/operators'
import type { SolverState } from '#geometry/spectral'
import type { Layout } from '#tensor/dense'
import type { MeasurementDocument } from '#shared/schemas'

/** What every document says of where it was measured. */
export type SiteFacts = Pick<
  MeasurementDocument,
  | 'index'
  | 'seed'
  | 'step'
  | 'parameterCount'
  | 'sampleCount'
  | 'operator'
  | 'size'
  | 'tensors'
  | 'split'
>

/** Where a measurement that takes long keeps how far it is. */
export interface StateKeeper {
  /** Time between two states, in milliseconds. */
  readonly everyMs: number
  /** Bytes of vectors that may be written; what is larger begins anew after an interruption. */
  readonly largestBytes: number
  /** Where an interrupted attempt left off; null for a fresh start. */
  load(): SolverState | null
  save(state: SolverState): void
}

/** Where one measurement is made: a matrix with all that a measurement may ask about it. */
export interface MeasureSite {
  readonly facts: SiteFacts
  readonly operator: LinearOperator
  /** The tensors that the matrix's vectors are made of; null where they hold something else (the NTK's outputs). */
  readonly layout: Layout | null
  /** Classes of the data; null for regression. */
  readonly classCount: number | null
  /** Random numbers of this measurement, by name. */
  streamOf(name: string): RandomStream
  /**
   * The same matrix written out in float64.
   *
   * @throws InputError if it is too large for that.
   */
  dense(options: {
    readonly signal?: AbortSignal | undefined
    readonly onProgress?: ((rows: number) => void) | undefined
  }): Promise<DenseMatrix>
  /** The same matrix over all samples but one of `groups` random groups, to be released. */
  withoutGroup(group: number, groups: number): Promise<CurvatureOperator>
  /** The gradient of the mean loss in the same tensors. */
  gradient(): Promise<Vector>
  /** Left out where nothing is kept. */
  readonly state?: StateKeeper | undefined
  /** Keeps named vectors, `[rows, n]` each, for good; left out where nothing is kept. @returns The name of their file. */
  readonly keepVectors?: ((vectors: ReadonlyMap<string, Vector>) => Promise<string>) | undefined
  readonly signal?: AbortSignal | undefined
  /** Called with the products made so far. */
  readonly onProgress?: ((products: number) => void) | undefined
}
