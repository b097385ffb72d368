import { createStream, NonFiniteError } from '#base'
import { sizeOf } from '#tensor/dense'
import {
  onnxRuntime,
  type BlockAlgebra,
  type Executable,
  type ResidentTensor,
  type TensorInput,
} from '#tensor/runtime'
import { kfacParts, type KfacParts } from './kfac-blocks.ts'
import { adaptedDamping } from './kfac-damping.ts'
import { compileKfac, type KfacExecutables } from './kfac-executables.ts'
import {
  fullKfacSettings,
  type FullKfacSettings,
  type KfacOptions,
  type KfacStepResult,
} from './kfac-settings.ts'
import { drawNoise, noiseOf, type NoiseKind } from './kfac-statistics.ts'
import {
  createKfacVectors,
  packState,
  releaseVectors,
  unpackState,
  type KfacVectors,
} from './kfac-vectors.ts'
import { MovementObserver } from './newton-observation.ts'
import { ResidentVector } from './resident-vector.ts'
import type { SavedVectors, StepContext, Stepper, TrainerVectors } from './stepper.ts'

/** Steps from the first on that invert the factors anew, as they change most then. */
const invertingSteps = 3

/** An inverse with a larger relative error is refused, and λ raised. */
const largestError = 0.1

/** Raises of λ tried until the factors can be inverted. */
const largestRaises = 8

/**
 * Steps along the gradient preconditioned by Kronecker factors of the Fisher matrix, K-FAC.
 *
 * Layers that the network marks have blocks A ⊗ G (see {@link KfacSettings}); all other parameters have a diagonal. A step
 * costs a gradient, two forward derivatives (`exact` rescaling), and 2·(in + out)·in·out multiplications a layer; a forward
 * and a backward pass more where factors are updated; 3·(in³ + out³) where they are inverted, as matrix products in the
 * compiled program; and a forward pass where λ is adapted: λ ← λ·(19/20)^T if the loss fell by more than 3/4 of what the
 * model predicts, λ/(19/20)^T if by less than 1/4.
 *
 * Factored damping is π·√λ and √λ/π. An inverse that is not one in float32 raises λ tenfold and is made again.
 *
 * All state (factors, inverses, last step, λ, number of steps) is in `state`; targets are drawn by seed and step, so that
 * going on from saved vectors is bit-equal.
 *
 * @see Martens and Grosse, Optimizing neural networks with Kronecker-factored approximate curvature (2015)
 */
export class KfacStepper implements Stepper {
  readonly #settings: FullKfacSettings
  readonly #parts: KfacParts
  readonly #seed: number
  readonly #executables: KfacExecutables
  readonly #algebra: BlockAlgebra
  readonly #observer: MovementObserver
  readonly #gradient: ResidentVector
  readonly #noise: { readonly kind: NoiseKind; readonly data: Float32Array }
  #now: KfacVectors
  #next: KfacVectors
  #damping: number
  #steps = 0

  private constructor(
    options: KfacOptions,
    settings: FullKfacSettings,
    parts: KfacParts,
    made: {
      readonly executables: KfacExecutables
      readonly algebra: BlockAlgebra
      readonly gradient: ResidentVector
      readonly now: KfacVectors
      readonly next: KfacVectors
    },
  ) {
    const noise = noiseOf(options.loss, settings)
    this.#settings = settings
    this.#parts = parts
    this.#seed = options.seed
    this.#executables = made.executables
    this.#algebra = made.algebra
    this.#observer = new MovementObserver(made.algebra, options.initialParameters)
    this.#gradient = made.gradient
    this.#noise = { kind: noise.kind, data: new Float32Array(sizeOf(noise.shape)) }
    this.#now = made.now
    this.#next = made.next
    this.#damping = Math.fround(settings.damping)
  }

  /**
   * Compiles the programs.
   *
   * @throws InputError naming a setting outside its range.
   */
  static async create(options: KfacOptions): Promise<KfacStepper> {
    const { loss, runtime = onnxRuntime() } = options
    const settings = fullKfacSettings(options.settings ?? {})
    const parts = kfacParts(loss, settings)
    return new KfacStepper(options, settings, parts, {
      executables: await compileKfac(runtime, loss, parts, settings),
      algebra: await runtime.createBlockAlgebra(loss.layout.size),
      gradient: await ResidentVector.create(runtime, loss.layout),
      now: await createKfacVectors(
        runtime,
        loss,
        parts,
        options.initialParameters.slice(),
        options.initialBuffers?.slice(),
      ),
      next: await createKfacVectors(runtime, loss, parts),
    })
  }

  /** The parameters as they are now; the next step leaves them behind. */
  get parameterTensors(): readonly ResidentTensor[] {
    return this.#now.parameters.tensors
  }

  get bufferTensors(): readonly ResidentTensor[] {
    return this.#now.buffers.tensors
  }

  /** The parameters. */
  get evaluatedTensors(): readonly ResidentTensor[] {
    return this.#now.parameters.tensors
  }

  /**
   * Takes one step.
   *
   * @param batch - Features, targets and weights.
   * @throws NonFiniteError if loss, gradient or factors are not finite; everything stays as it was.
   */
  async step(batch: readonly TensorInput[], context: StepContext): Promise<KfacStepResult> {
    const data = [...this.#now.parameters.tensors, ...this.#now.buffers.tensors, ...batch]
    const hasFactors = this.#steps % this.#settings.factorsEvery === 0
    if (hasFactors) await this.#updateFactors(data)
    const factors = (hasFactors ? this.#next : this.#now).factors
    const isInverting =
      this.#steps < invertingSteps || this.#steps % this.#settings.inversesEvery === 0
    const inverted = isInverting ? await this.#invert(factors) : null
    const inverses = (isInverting ? this.#next : this.#now).inverses
    const damping = inverted?.damping ?? this.#damping

    const [loss, squaredNorm, predicted] = await this.#move(data, {
      inverses,
      factors,
      damping,
      learningRate: context.learningRate,
    })
    const gradientNorm = Math.sqrt(squaredNorm)
    if (!Number.isFinite(loss)) throw new NonFiniteError('the training loss')
    if (!Number.isFinite(gradientNorm)) throw new NonFiniteError('the gradient')
    if (inverted !== null && !(inverted.error <= largestError)) {
      throw new NonFiniteError('the inverses of the curvature factors')
    }
    if (!Number.isFinite(predicted)) throw new NonFiniteError('the curvature factors')

    const observation = await this.#observe(context.isObserved)
    this.#accept({ hasFactors, isInverting, damping })
    const isExact = this.#settings.rescaling === 'exact'
    return {
      loss,
      gradientNorm,
      observation,
      damping,
      predictedChange: isExact ? predicted : null,
      reductionRatio: isExact ? await this.#adapt(batch, loss, predicted) : null,
      inverseError: inverted?.error ?? null,
    }
  }

  async #updateFactors(data: readonly TensorInput[]): Promise<void> {
    const { kind, data: noise } = this.#noise
    const stream = createStream(this.#seed, 'kfac', this.#steps)
    drawNoise(kind, noise, stream)
    const { decay, factorsEvery } = this.#settings
    const count = this.#steps / factorsEvery + 1
    const share = Float32Array.of(Math.min(1 - 1 / count, decay))
    await this.#executables.statistics.run(
      [...data, noise, ...this.#now.factors.tensors, share],
      this.#next.factors.tensors,
    )
  }

  /** Inverts, with a larger λ where the one there is leaves no inverse. */
  async #invert(
    factors: ResidentVector,
  ): Promise<{ readonly damping: number; readonly error: number }> {
    const error = new Float32Array(1)
    let damping = this.#damping
    for (let raises = 0; raises <= largestRaises; raises += 1) {
      await this.#executables.inverse.run(
        [...factors.tensors.slice(0, 2 * this.#parts.blocks.length), Float32Array.of(damping)],
        [...this.#next.inverses.tensors, error],
      )
      if (error[0]! <= largestError) return { damping, error: error[0]! }
      damping = Math.fround(10 * damping)
    }
    // The factors are no numbers; whether the loss is to be blamed is for the step to say.
    return { damping: this.#damping, error: Infinity }
  }

  /** @returns L, ‖∇L‖², predicted change. */
  async #move(
    data: readonly TensorInput[],
    options: {
      readonly inverses: ResidentVector
      readonly factors: ResidentVector
      readonly damping: number
      readonly learningRate: number
    },
  ): Promise<[number, number, number]> {
    const { momentum, rescaling } = this.#settings
    const share = rescaling === 'exact' ? Math.sign(momentum) : momentum
    const scalars = [0, 0, 0].map(() => new Float32Array(1))
    await this.#executables.update.run(
      [
        ...data,
        ...options.inverses.tensors,
        ...options.factors.tensors.slice(2 * this.#parts.blocks.length),
        ...this.#now.moves.tensors,
        ...[options.damping, options.learningRate, share].map((x) => Float32Array.of(x)),
      ],
      [
        ...this.#next.parameters.tensors,
        ...this.#next.moves.tensors,
        ...this.#gradient.tensors,
        ...this.#next.buffers.tensors,
        ...scalars,
      ],
    )
    return scalars.map((scalar) => scalar[0]!) as [number, number, number]
  }

  async #observe(isObserved: boolean): Promise<KfacStepResult['observation']> {
    if (!isObserved) {
      this.#observer.skip()
      return null
    }
    return this.#observer.observe(
      await this.#now.parameters.read(),
      await this.#next.parameters.read(),
      await this.#gradient.read(),
    )
  }

  /** Takes what the step has made; what it has not stays. */
  #accept(step: {
    readonly hasFactors: boolean
    readonly isInverting: boolean
    readonly damping: number
  }): void {
    const [now, next] = [this.#now, this.#next]
    this.#now = {
      ...next,
      factors: step.hasFactors ? next.factors : now.factors,
      inverses: step.isInverting ? next.inverses : now.inverses,
    }
    this.#next = {
      ...now,
      factors: step.hasFactors ? now.factors : next.factors,
      inverses: step.isInverting ? now.inverses : next.inverses,
    }
    this.#damping = step.damping
    this.#steps += 1
  }

  /** Changes λ by the ratio of the change of the batch's loss to the predicted one, and gives it. */
  async #adapt(
    batch: readonly TensorInput[],
    loss: number,
    predicted: number,
  ): Promise<number | null> {
    const { adaptEvery, damping, leastDamping } = this.#settings
    if (adaptEvery === 0 || this.#steps % adaptEvery !== 0 || !(predicted < 0)) return null
    const after = new Float32Array(1)
    await this.#executables.evaluate.run(
      [...this.#now.parameters.tensors, ...this.#now.buffers.tensors, ...batch],
      [after],
    )
    const ratio = (after[0]! - loss) / predicted
    this.#damping = adaptedDamping(
      this.#damping,
      ratio,
      adaptEvery,
      Math.min(leastDamping, damping),
    )
    return ratio
  }

  async read(): Promise<TrainerVectors> {
    const { parameters, buffers } = this.#now
    const flat = await parameters.read()
    return {
      parameters: flat,
      buffers: await buffers.read(),
      state: await packState(this.#now, [this.#damping, this.#steps]),
      evaluated: flat,
      previousGradient: this.#observer.previousGradient,
    }
  }

  /**
   * Continues from saved vectors.
   *
   * @throws ShapeError if one has the wrong size.
   */
  async restore(vectors: SavedVectors): Promise<void> {
    const { parameters, buffers } = this.#now
    parameters.check(vectors.parameters, 'saved parameters')
    buffers.check(vectors.buffers, 'saved running statistics')
    const [damping, steps] = await unpackState(this.#now, vectors.state, 2)
    await buffers.write(vectors.buffers, 'saved running statistics')
    await parameters.write(vectors.parameters, 'saved parameters')
    this.#damping = damping!
    this.#steps = steps!
    this.#observer.restore(vectors.previousGradient)
  }

  async release(): Promise<void> {
    releaseVectors(this.#now)
    releaseVectors(this.#next)
    this.#gradient.release()
    await this.#algebra.release()
    for (const executable of Object.values(this.#executables) as Executable[]) {
      await executable.release()
    }
  }
}
