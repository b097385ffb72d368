import type { ResidentTensor, TensorInput } from '#tensor/runtime'

/** What a step is told beside its batch. */
export interface StepContext {
  /** η of this step. */
  readonly learningRate: number
  /** Whether the step reports a {@link StepObservation}; the parameters it leads to are the same. */
  readonly isObserved: boolean
}

/** What is seen of a step only if asked for. */
export interface StepObservation {
  /** ‖Δθ‖ */
  readonly updateNorm: number
  /** cos(gₜ, gₜ₋₁) of the batch gradients; null unless the step before was observed too. */
  readonly gradientCosine: number | null
  /** ‖θ − θ₀‖ after the step, from the parameters that training began with. */
  readonly distance: number
}

/** What a step reports. */
export interface StepResult {
  /** Loss of the batch before the step. */
  readonly loss: number
  /** ‖∇L‖ of the batch before the step, before any clipping. */
  readonly gradientNorm: number
  /** Null if the step was not observed. */
  readonly observation: StepObservation | null
}

/** All that a stepper needs to go on as if it had not stopped. */
export interface SavedVectors {
  /** `[n]` */
  readonly parameters: Float32Array
  /** Running statistics, flat. */
  readonly buffers: Float32Array
  /** The optimizer's state, flat. */
  readonly state: Float32Array
  /** `[n]`, the gradient of the last step if it was observed. */
  readonly previousGradient: Float32Array | null
}

/** What is read from a stepper: what it needs to go on, and what is to be evaluated. */
export interface TrainerVectors extends SavedVectors {
  /** `[n]`, the parameters or their running average where the optimizer keeps one. */
  readonly evaluated: Float32Array
}

/**
 * Changes the parameters of a network step by step, whatever the method.
 *
 * Tensors and vectors handed out hold until the next step; a step brings scalars back and nothing else.
 */
export interface Stepper {
  /** The parameters as they are now, tensor by tensor where the runtime computes. */
  readonly parameterTensors: readonly ResidentTensor[]
  /** The running statistics as they are now. */
  readonly bufferTensors: readonly ResidentTensor[]
  /** What is evaluated: the parameters, or their running average where the optimizer keeps one. */
  readonly evaluatedTensors: readonly ResidentTensor[]
  /**
   * Takes one step.
   *
   * @param batch - The inputs of the loss after parameters and running statistics.
   * @throws NonFiniteError if loss or gradient is not finite; everything stays as it was.
   */
  step(batch: readonly TensorInput[], context: StepContext): Promise<StepResult>
  /** Everything as it is now, flat, in buffers that later steps write into. */
  read(): Promise<TrainerVectors>
  /**
   * Continues from saved vectors.
   *
   * @throws ShapeError if one has the wrong size.
   */
  restore(vectors: SavedVectors): Promise<void>
  release(): Promise<void>
}
