import { InputError } from '#base'
import type { Runtime } from '#tensor/runtime'
import type { PairPolicy } from './lbfgs-memory.ts'
import type { ObjectiveLoss } from './newton-objective.ts'
import type { StepResult } from './stepper.ts'

/** How L-BFGS steps. */
export interface LbfgsSettings {
  /** Pairs kept, m, in 1…1000; the state holds 2·m + 1 vectors. @default 10 */
  readonly historySize?: number
  /** `none` takes the step of length `learningRate` along the direction. @default strong-wolfe */
  readonly lineSearch?: 'strong-wolfe' | 'none'
  /** c₁ of the line search, in 0…c₂, both excluded. @default 1e-4 */
  readonly decrease?: number
  /** c₂ of the line search, in c₁…1, both excluded. @default 0.9 */
  readonly curvature?: number
  /** Evaluations of one line search, 1 or more. @default 25 */
  readonly maxEvaluations?: number
  /**
   * Whether all steps are given the same batch: then the gradient at the end of a step is that of the next one and is
   * not evaluated again. Otherwise the gradient is evaluated on each batch both before and after the step, so that the
   * pairs are consistent. @default false
   */
  readonly isFullBatch?: boolean
  /**
   * Share of a batch that the next one shares, in 0…1 (1 excluded). If it is not 0, pairs are differences of gradients
   * on those rows (the last of the batch); batches then end in their weights `[b]`, and are to come from a
   * `createBatchCursor` of this overlap. Ignored on the full batch. @default 0
   */
  readonly overlap?: number
  /** What becomes of a pair with ⟨s, y⟩ too small: left out, or damped by Powell's rule. @default skip */
  readonly pairs?: PairPolicy
}

/**
 * How a step ended:
 *
 * - `moved`: the parameters are new
 * - `stationary`: the gradient is zero
 * - `line-search-failed`: no lower point was found, along −∇L neither; the parameters stay. In float32 that is the end
 *   of what can be reached; on batches the next one may do
 */
export type LbfgsStatus = 'moved' | 'stationary' | 'line-search-failed'

/** How a step from a point with that gradient ended. */
export function statusOf(hasMoved: boolean, gradientNorm: number): LbfgsStatus {
  if (hasMoved) return 'moved'
  return gradientNorm === 0 ? 'stationary' : 'line-search-failed'
}

/** What a step of L-BFGS reports. */
export interface LbfgsStepResult extends StepResult {
  readonly status: LbfgsStatus
  /** Evaluations of loss and gradient. */
  readonly evaluations: number
  /** Length of the step in units of the direction; 0 if the parameters stay. */
  readonly stepLength: number
}

/** What an `LbfgsStepper` is made of. */
export interface LbfgsOptions {
  readonly loss: ObjectiveLoss
  readonly settings?: LbfgsSettings
  /** `[n]`; copied. */
  readonly initialParameters: Float32Array
  /** Flat; copied. */
  readonly initialBuffers?: Float32Array | undefined
  readonly runtime?: Runtime | undefined
}

/** @throws InputError naming a setting outside its range. */
export function checkLbfgsSettings({
  historySize = 10,
  decrease = 1e-4,
  curvature = 0.9,
  maxEvaluations = 25,
  overlap = 0,
}: LbfgsSettings): void {
  const refuse = (key: string, range: string, value: number): never => {
    throw new InputError(key, `${key} must be in ${range}, got ${value}`)
  }
  if (!Number.isInteger(historySize) || historySize < 1 || historySize > 1000) {
    refuse('historySize', '1…1000', historySize)
  }
  if (!(curvature > 0 && curvature < 1)) refuse('curvature', '0…1, both excluded', curvature)
  if (!(decrease > 0 && decrease < curvature)) {
    refuse('decrease', `0…${curvature}, both excluded`, decrease)
  }
  if (!Number.isInteger(maxEvaluations) || maxEvaluations < 1) {
    refuse('maxEvaluations', '1…', maxEvaluations)
  }
  if (!(overlap >= 0 && overlap < 1)) refuse('overlap', '0…1, 1 excluded', overlap)
}
