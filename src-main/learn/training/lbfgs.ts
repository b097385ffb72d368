import { NonFiniteError } from '#base'
import type { Layout } from '#tensor/dense'
import {
  onnxRuntime,
  type BlockAlgebra,
  type ResidentTensor,
  type TensorInput,
} from '#tensor/runtime'
import {
  checkLbfgsSettings,
  statusOf,
  type LbfgsOptions,
  type LbfgsSettings,
  type LbfgsStepResult,
} from './lbfgs-settings.ts'
import { overlapOf } from './lbfgs-overlap.ts'
import { LbfgsState } from './lbfgs-state.ts'
import { searchLine, type LinePoint } from './line-search.ts'
import { Objective, type ObjectiveValue } from './newton-objective.ts'
import { MovementObserver } from './newton-observation.ts'
import { ResidentVector } from './resident-vector.ts'
import type { SavedVectors, StepContext, Stepper, StepResult, TrainerVectors } from './stepper.ts'

/** Rounding of a loss that is a float32 sum, in units of the loss. */
const lossNoise = 2 ** -22

/**
 * Steps by limited-memory BFGS with a line search for the strong conditions of Wolfe, as `torch.optim.LBFGS`.
 *
 * A step evaluates the loss and its gradient once a trial of the line search (mostly once), and reads 4·m vectors. The
 * search's first trial is `learningRate` along the direction (along −∇L without a history min(1, 1/‖∇L‖₁) of that);
 * a search that finds no lower point is repeated once along −∇L with an empty history. Values that differ by
 * rounding only are compared by slopes, so that the gradient can fall below what the loss shows in float32.
 *
 * Vectors are in host memory and all work on them is done by the runtime's block algebra. Deterministic as
 * the Trainer is. Running statistics are those of the last evaluation.
 *
 * On batches, pairs are differences of gradients of one batch, or with `overlap` of the rows O that it shares with the
 * next one (multi-batch L-BFGS): s as ever, y = ∇_O(θ + s) − ∇_O(θ), while the direction is made from the gradient of
 * the whole batch. Both gradients are evaluated within the step, on its own batch: so the last batch of an epoch, which
 * shares nothing with the first of the next, has a pair as all others, and no batch has to be kept between steps.
 * Programs have one size, so rows outside O are evaluated with weight 0: a step costs two evaluations more than without
 * an overlap, one more without a line search (which is the published method: 3 a step).
 *
 * @see Nocedal and Wright, Numerical Optimization (2006), §7.2
 * @see Berahas, Nocedal and Takáč, A Multi-Batch L-BFGS Method for Machine Learning (2016)
 * @see Schraudolph, Yu and Günter, A Stochastic Quasi-Newton Method for Online Convex Optimization (2007)
 */
export class LbfgsStepper implements Stepper {
  readonly #settings: LbfgsSettings
  readonly #objective: Objective
  readonly #algebra: BlockAlgebra
  readonly #state: LbfgsState
  readonly #observer: MovementObserver
  readonly #statistics: ResidentVector
  readonly #direction: Float32Array
  readonly #overlap: number
  /** The gradient at the parameters, of the rows that the pair is taken on. */
  readonly #before: Float32Array
  #current: ResidentVector
  #trial: ResidentVector

  private constructor(
    options: LbfgsOptions,
    objective: Objective,
    algebra: BlockAlgebra,
    vectors: readonly [current: ResidentVector, trial: ResidentVector, statistics: ResidentVector],
  ) {
    const { settings = {}, initialParameters } = options
    const { historySize = 10, pairs = 'skip', isFullBatch = false, overlap = 0 } = settings
    const size = initialParameters.length
    this.#settings = settings
    this.#objective = objective
    this.#algebra = algebra
    this.#state = new LbfgsState(algebra, size, historySize, pairs)
    this.#direction = new Float32Array(size)
    this.#overlap = isFullBatch ? 0 : overlap
    this.#before = this.#overlap > 0 ? new Float32Array(size) : this.#state.gradient
    this.#observer = new MovementObserver(algebra, initialParameters)
    ;[this.#current, this.#trial, this.#statistics] = vectors
  }

  /**
   * Compiles loss and gradient.
   *
   * @throws InputError naming a setting outside its range.
   */
  static async create(options: LbfgsOptions): Promise<LbfgsStepper> {
    const { loss, settings = {}, initialParameters, runtime = onnxRuntime() } = options
    checkLbfgsSettings(settings)
    const vector = (layout: Layout, data?: Float32Array): Promise<ResidentVector> =>
      ResidentVector.create(runtime, layout, data?.slice())
    return new LbfgsStepper(
      options,
      await Objective.create(loss, runtime),
      await runtime.createBlockAlgebra(loss.layout.size),
      [
        await vector(loss.layout, initialParameters),
        await vector(loss.layout),
        await vector(loss.buffers, options.initialBuffers),
      ],
    )
  }

  /** The parameters as they are now; the next step leaves them behind. */
  get parameterTensors(): readonly ResidentTensor[] {
    return this.#current.tensors
  }

  get bufferTensors(): readonly ResidentTensor[] {
    return this.#statistics.tensors
  }

  /** The parameters. */
  get evaluatedTensors(): readonly ResidentTensor[] {
    return this.#current.tensors
  }

  /**
   * Takes one step.
   *
   * @param batch - The inputs of the loss after parameters and running statistics.
   * @throws NonFiniteError if loss or gradient is not finite at the parameters; they stay as they were.
   * @throws InputError if the batch does not end in weights where there is an overlap.
   */
  async step(batch: readonly TensorInput[], context: StepContext): Promise<LbfgsStepResult> {
    const pairBatch = this.#overlap > 0 ? overlapOf(batch, this.#overlap) : batch
    const { start, evaluations: before } = await this.#startOf(batch)
    const gradientNorm = Math.sqrt(await this.#dot(this.#state.gradient, this.#state.gradient))
    let evaluations = before
    let moved: LinePoint | null = null
    if (gradientNorm > 0) {
      if (pairBatch !== batch) {
        await this.#evaluate(this.#current, pairBatch)
        this.#before.set(this.#objective.gradient)
        evaluations += 1
      }
      const first = await this.#search(batch, pairBatch, start, context.learningRate)
      evaluations += first.evaluations
      moved = first.point
      if (moved === null && this.#state.memory.count > 0) {
        this.#state.memory.clear()
        const second = await this.#search(batch, pairBatch, start, context.learningRate)
        evaluations += second.evaluations
        moved = second.point
      }
    }
    const observation = await this.#finish(moved, context.isObserved)
    return {
      loss: start.loss,
      gradientNorm,
      observation,
      evaluations,
      stepLength: moved?.step ?? 0,
      status: statusOf(moved !== null, gradientNorm),
    }
  }

  /** Loss and gradient at the parameters: those of the step before, if that was on the same batch. */
  async #startOf(
    batch: readonly TensorInput[],
  ): Promise<{ readonly start: ObjectiveValue; readonly evaluations: number }> {
    const { value } = this.#state
    if (this.#settings.isFullBatch === true && value !== null) {
      return { start: value, evaluations: 0 }
    }
    const start = await this.#evaluate(this.#current, batch)
    if (!Number.isFinite(start.loss)) throw new NonFiniteError('the training loss')
    if (!Number.isFinite(start.absoluteSum)) throw new NonFiniteError('the gradient')
    this.#state.remember(this.#objective.gradient, start)
    return { start, evaluations: 1 }
  }

  /**
   * Searches along the direction; the trial point is left where the search ended, and the last evaluation is there
   * on the rows of the pair.
   */
  async #search(
    batch: readonly TensorInput[],
    pairBatch: readonly TensorInput[],
    start: ObjectiveValue,
    learningRate: number,
  ): Promise<{ readonly point: LinePoint | null; readonly evaluations: number }> {
    const { lineSearch = 'strong-wolfe' } = this.#settings
    const { memory, gradient } = this.#state
    await memory.direction(this.#direction, gradient)
    let slope = await this.#dot(gradient, this.#direction)
    if (!(slope < 0)) {
      memory.clear()
      await memory.direction(this.#direction, gradient)
      slope = await this.#dot(gradient, this.#direction)
    }
    const share = memory.count > 0 ? 1 : Math.min(1, 1 / start.absoluteSum)
    // In float32 as it is multiplied with the direction.
    const firstStep = Math.fround(learningRate * share)
    let lastStep = 0
    const phi = (step: number): Promise<LinePoint> => {
      lastStep = step
      return this.#evaluateAt(step, batch)
    }
    if (lineSearch === 'none') {
      return { point: await this.#evaluateAt(firstStep, pairBatch), evaluations: 1 }
    }
    const result = await searchLine(
      phi,
      { step: 0, value: start.loss, slope },
      {
        ...this.#settings,
        firstStep,
        valueNoise: lossNoise * Math.abs(start.loss),
      },
    )
    let { evaluations } = result
    const { step } = result.point
    if (step === 0) return { point: null, evaluations }
    if (step !== lastStep || pairBatch !== batch) {
      await this.#evaluateAt(step, pairBatch)
      evaluations += 1
    }
    return { point: result.point, evaluations }
  }

  async #evaluateAt(step: number, batch: readonly TensorInput[]): Promise<LinePoint> {
    const { flat } = this.#trial
    flat.set(this.#current.flat)
    await this.#algebra.combine(flat, 1, Float64Array.of(step), this.#direction, 1, true)
    await this.#trial.write(flat, 'trial parameters')
    const { loss } = await this.#evaluate(this.#trial, batch)
    return { step, value: loss, slope: await this.#dot(this.#objective.gradient, this.#direction) }
  }

  #evaluate(at: ResidentVector, batch: readonly TensorInput[]): Promise<ObjectiveValue> {
    return this.#objective.evaluate([...at.tensors, ...this.#statistics.tensors], batch)
  }

  /** Takes the trial point if there is one, with its pair. */
  async #finish(moved: LinePoint | null, isObserved: boolean): Promise<StepResult['observation']> {
    if (moved !== null && !(Number.isFinite(moved.value) && Number.isFinite(moved.slope))) {
      throw new NonFiniteError('the training loss')
    }
    const next = moved === null ? this.#current : this.#trial
    const observation = isObserved
      ? await this.#observer.observe(this.#current.flat, next.flat, this.#state.gradient)
      : null
    if (!isObserved) this.#observer.skip()
    if (moved === null) return observation
    await this.#state.memory.add({
      from: this.#current.flat,
      to: this.#trial.flat,
      before: this.#before,
      after: this.#objective.gradient,
      gradient: this.#state.gradient,
      stepLength: moved.step,
    })
    if (this.#overlap > 0) this.#state.forget()
    else this.#state.remember(this.#objective.gradient, this.#objective.value)
    await this.#statistics.write(this.#objective.statistics, 'running statistics')
    const held = this.#current
    this.#current = this.#trial
    this.#trial = held
    return observation
  }

  /** @returns Buffers that the next steps write into. */
  read(): Promise<TrainerVectors> {
    const parameters = this.#current.flat
    return Promise.resolve({
      parameters,
      buffers: this.#statistics.flat,
      state: this.#state.read(),
      evaluated: parameters,
      previousGradient: this.#observer.previousGradient,
    })
  }

  /**
   * Continues from saved vectors.
   *
   * @throws ShapeError if one has the wrong size.
   */
  async restore(vectors: SavedVectors): Promise<void> {
    this.#state.check(vectors.state)
    this.#current.check(vectors.parameters, 'saved parameters')
    await this.#statistics.write(vectors.buffers, 'saved running statistics')
    await this.#current.write(vectors.parameters, 'saved parameters')
    await this.#state.restore(vectors.state)
    this.#observer.restore(vectors.previousGradient)
  }

  async release(): Promise<void> {
    for (const vector of [this.#current, this.#trial, this.#statistics]) vector.release()
    await this.#algebra.release()
    await this.#objective.release()
  }

  async #dot(a: Float32Array, b: Float32Array): Promise<number> {
    return (await this.#algebra.innerProducts(a, 1, b, 1))[0]!
  }
}
