import type { Tracer } from '#tensor/program'
import type { Scope } from './scope.ts'

/** A network as its architecture defines it. */
export interface NetworkDefinition {
  readonly label: string
  /** The width that a width-aware parameterization scales by. */
  readonly width: number
  /** Writes the network down; see `Model.apply`. */
  apply(scope: Scope, features: Tracer): Tracer
}
