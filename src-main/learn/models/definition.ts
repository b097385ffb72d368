import type { Tracer } from '#tensor/program'
import type { Scope } from './scope.ts'

/** A network as its architecture defines it. */
export interface NetworkDefinition {
  readonly label: string
  /** The width that a width-aware parameterization scales by. */
  readonly width: number
  /** Further names, beside the first, of tensors that are tied; a twin's `state_dict` lists both. */
  readonly aliases?: readonly TensorAlias[] | undefined
  /** Writes the network down; see `Model.apply`. */
  apply(scope: Scope, features: Tracer): Tracer
}

/** A second name of a tensor. */
export interface TensorAlias {
  readonly name: string
  /** The name in the layout. */
  readonly of: string
}
