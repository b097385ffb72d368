import type { RandomStream } from '#base'
import type { LinearOperator } from '#geometry/operators'
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

/** Where one measurement is made: a matrix with all that a measurement may ask about it. */
export interface MeasureSite {
  readonly facts: SiteFacts
  readonly operator: LinearOperator
  /** Random numbers of this measurement, by name. */
  streamOf(name: string): RandomStream
  readonly signal?: AbortSignal | undefined
  /** Called with the products made so far. */
  readonly onProgress?: ((products: number) => void) | undefined
}
