import type { Layout, TensorData } from '#tensor/dense'
import type { Program } from '#tensor/program'

/** What a peer builds the same network from. */
export type Twin =
  | { readonly kind: 'perceptron' }
  | { readonly kind: 'convolutional'; readonly strides: readonly number[] }
  | { readonly kind: 'residual'; readonly strides: readonly number[]; readonly groups: number }
  | { readonly kind: 'transformer'; readonly layers: number; readonly heads: number }

/** A network, its loss and one batch, all drawn from a seed. */
export interface WorkloadInstance {
  /** Inputs: parameters in the order of the layout, features, one-hot targets `[b, c]`, weights `[b]` of 1/b. */
  readonly loss: Program
  readonly layout: Layout
  /** `[n]` */
  readonly initialParameters: Float32Array
  /** The inputs of `loss` behind the parameters. */
  readonly batch: readonly TensorData[]
}

/** A fixed piece of work that is timed. */
export interface Workload {
  readonly id: string
  readonly title: string
  /** Numbers of vectors a block to choose from, ascending. */
  readonly blockSizes: readonly number[]
  readonly twin: Twin
  /** Largest relative deviation at which a peer is said to compute the same. */
  readonly tolerance: number
  /** Times of whole programs are taken of it as well. */
  readonly extra?: 'population' | 'readiness' | undefined
  create(seed: number): WorkloadInstance
}
