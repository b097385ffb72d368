import { InputError } from '#base'
import type { Layout } from '#tensor/dense'
import type { Program, Window2d } from '#tensor/program'
import type { Runtime } from '#tensor/runtime'
import type { StepResult } from './stepper.ts'

/** A layer that is linear in its parameters, by places in the layout. */
export interface KfacLayer {
  readonly kind: 'affine' | 'convolution' | 'embedding'
  readonly weight: number
  readonly bias: number | null
  /** The network uses these times what is stored. */
  readonly weightFactor: number
  readonly biasFactor: number
  readonly window?: Window2d | undefined
}

/** A loss whose layers are open: what `tappedLoss` of the models gives. */
export interface KfacLoss {
  readonly loss: 'cross-entropy' | 'squared-error'
  /**
   * Inputs: parameters, running statistics, features, targets, weights `[b]`, and for each layer a value that is added
   * to its output. Outputs: L `[]`, running statistics after the step, the network's outputs `[b · answers, c]`, and
   * for each layer its input.
   */
  readonly program: Program
  readonly layout: Layout
  readonly buffers: Layout
  readonly layers: readonly KfacLayer[]
  /** Answers a sample has. */
  readonly answers: number
}

/** How K-FAC steps. */
export interface KfacSettings {
  /**
   * Where the factor of output derivatives comes from: targets drawn from the network's own distribution (one backward
   * pass), or all columns of a root of the loss's Hessian (as many passes as outputs; exact for one answer a sample).
   * @default 'sampled'
   */
  readonly fisher?: 'sampled' | 'exact'
  /** λ at the start, > 0. @default 0.01 */
  readonly damping?: number
  /**
   * λ does not fall below this, or below where it starts if that is less; > 0. The ratio is taken on the batch that the step was
   * made for: on small batches it is near 1 for ever, and without a bound λ would fall until steps fit one batch and
   * nothing else. @default 1e-3
   */
  readonly leastDamping?: number
  /** Steps between two adaptations of λ by the reduction ratio, 0 (never) or more. @default 5 */
  readonly adaptEvery?: number
  /** Steps between two updates of the factors, 1 or more. @default 1 */
  readonly factorsEvery?: number
  /** Steps between two inversions of the factors, 1 or more; the first three steps invert always. @default 20 */
  readonly inversesEvery?: number
  /** Largest weight of the past in the factors' running mean, in 0…1 (1 excluded): min(1 − 1/k, decay). @default 0.95 */
  readonly decay?: number
  /**
   * How the length of a step is chosen: `exact`, the minimum of the damped quadratic model over the preconditioned
   * gradient and the last step together; `clip`, a length ≤ `learningRate` for which the approximate KL divergence
   * stays below `clip`, with `momentum` times the last step. The learning rate multiplies the step in both.
   * @default 'exact'
   */
  readonly rescaling?: 'exact' | 'clip'
  /** Bound of `clip`, > 0. @default 1e-3 */
  readonly clip?: number
  /** Share of the last step with `clip`, in 0…1 (1 excluded); with `exact`, 0 leaves the last step out. @default 0.9 */
  readonly momentum?: number
  /** Layers with a side larger than this get a diagonal instead, 1 or more. @default 4096 */
  readonly largestFactor?: number
}

/** What a `KfacStepper` is made of. */
export interface KfacOptions {
  /** From `tappedLoss` of the models. */
  readonly loss: KfacLoss
  readonly settings?: KfacSettings
  /** `[n]`; copied. */
  readonly initialParameters: Float32Array
  /** Flat; copied. */
  readonly initialBuffers?: Float32Array | undefined
  /** Of the targets that are drawn. */
  readonly seed: number
  readonly runtime?: Runtime | undefined
}

/** Settings with nothing left out. */
export type FullKfacSettings = Required<KfacSettings>

const defaults: FullKfacSettings = {
  fisher: 'sampled',
  damping: 0.01,
  leastDamping: 1e-3,
  adaptEvery: 5,
  factorsEvery: 1,
  inversesEvery: 20,
  decay: 0.95,
  rescaling: 'exact',
  clip: 1e-3,
  momentum: 0.9,
  largestFactor: 4096,
}

/**
 * Fills settings up.
 *
 * @throws InputError naming a setting outside its range.
 */
export function fullKfacSettings(settings: KfacSettings): FullKfacSettings {
  const full = { ...defaults, ...settings }
  const check = (key: keyof KfacSettings, isRight: boolean, range: string): void => {
    if (!isRight) throw new InputError(key, `${key} must be ${range}, got ${full[key]}`)
  }
  const isCount = (value: number, least: number): boolean =>
    Number.isInteger(value) && value >= least
  check('damping', full.damping > 0, 'more than 0')
  check('leastDamping', full.leastDamping > 0, 'more than 0')
  check('adaptEvery', isCount(full.adaptEvery, 0), 'an integer of 0 or more')
  check('factorsEvery', isCount(full.factorsEvery, 1), 'an integer of 1 or more')
  check('inversesEvery', isCount(full.inversesEvery, 1), 'an integer of 1 or more')
  check('decay', full.decay >= 0 && full.decay < 1, 'in 0…1, 1 excluded')
  check('clip', full.clip > 0, 'more than 0')
  check('momentum', full.momentum >= 0 && full.momentum < 1, 'in 0…1, 1 excluded')
  check('largestFactor', isCount(full.largestFactor, 1), 'an integer of 1 or more')
  return full
}

/** What a step of K-FAC reports. */
export interface KfacStepResult extends StepResult {
  /** λ of the step. */
  readonly damping: number
  /** Change of the loss that the quadratic model predicts, ≤ 0; null with `clip`. */
  readonly predictedChange: number | null
  /** Change of the batch's loss over the predicted one; null where it was not measured. */
  readonly reductionRatio: number | null
  /** Estimate of the largest relative error of an inverse before its refinement; null if none was made. */
  readonly inverseError: number | null
}
