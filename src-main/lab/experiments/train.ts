import { createStream, monotonicMs, NonFiniteError, StoppedError } from '#base'
import { createBatchCursor, type BatchCursor } from '#learn/datasets'
import type { Model } from '#learn/models'
import { scheduledRate } from '#learn/optimizers'
import {
  freshStopState,
  isScheduled,
  judgeEvaluation,
  judgeStep,
  type Stepper,
  type StepResult,
  type StopState,
} from '#learn/training'
import type { ExperimentSpec, MetricRow, TrainingEnd } from '#shared/schemas'
import { createBatchFeed } from './batch-feed.ts'
import { formatCheckpoint, formatWeights, parseCheckpoint } from './checkpoint-codec.ts'
import type { ExperimentContext, ExperimentOrder, Workplace } from './context.ts'
import { createStepper } from './create-stepper.ts'
import type { ExperimentData } from './data.ts'
import { createProgressReporter } from './progress.ts'
import { startingValues } from './starting-values.ts'
import { evaluatedSamples, SplitEvaluation, type SplitMeans } from './split-evaluation.ts'

/** What training leads to. */
export interface TrainedNetwork {
  /** `[n]`: what was evaluated last, a running average where the spec wants one. */
  readonly parameters: Float32Array
  /** Running statistics, flat. */
  readonly buffers: Float32Array
  readonly step: number
}

/** The evaluations of a run. */
class Evaluations {
  readonly #train: SplitEvaluation
  readonly #validation: SplitEvaluation | null

  private constructor(train: SplitEvaluation, validation: SplitEvaluation | null) {
    this.#train = train
    this.#validation = validation
  }

  static async create(
    spec: ExperimentSpec,
    seed: number,
    model: Model,
    { train, validation }: ExperimentData,
    { runtime }: Workplace,
  ): Promise<Evaluations> {
    const split = (samples: ExperimentData['train'], name: string): Promise<SplitEvaluation> => {
      const stream = createStream(seed, 'evaluation', name)
      const { loss, evaluationSamples } = spec.train
      return SplitEvaluation.create({
        samples: evaluatedSamples(samples, evaluationSamples, stream),
        model,
        loss,
        runtime,
        where: `the evaluated ${name} loss`,
      })
    }
    return new Evaluations(
      await split(train, 'training'),
      validation === null ? null : await split(validation, 'validation'),
    )
  }

  async evaluate(stepper: Stepper): Promise<{ train: SplitMeans; validation: SplitMeans | null }> {
    const tensors = [...stepper.evaluatedTensors, ...stepper.bufferTensors]
    return {
      train: await this.#train.evaluate(tensors),
      validation: (await this.#validation?.evaluate(tensors)) ?? null,
    }
  }

  async release(): Promise<void> {
    await this.#train.release()
    await this.#validation?.release()
  }
}

/** Says at which step a number broke. */
const atStep = (error: unknown, step: number): unknown =>
  error instanceof NonFiniteError
    ? new NonFiniteError(`${error.where} at step ${step}; try a smaller learning rate`)
    : error

/** Training in progress: what the loop of {@link trainNetwork} reads and writes. */
class Training {
  readonly #spec: ExperimentSpec
  readonly #model: Model
  readonly #cursor: BatchCursor
  readonly #stepper: Stepper
  readonly #evaluations: Evaluations
  readonly #context: ExperimentContext
  readonly #started = monotonicMs()
  #elapsedBefore: number
  #stop: StopState = freshStopState
  #saved: { readonly step: number; readonly end: TrainingEnd['reason'] | null } | null = null
  #keptStep = -1
  step = 0
  end: TrainingEnd['reason'] | null = null

  constructor(parts: {
    readonly spec: ExperimentSpec
    readonly model: Model
    readonly cursor: BatchCursor
    readonly stepper: Stepper
    readonly evaluations: Evaluations
    readonly context: ExperimentContext
    readonly elapsedMs: number
  }) {
    this.#spec = parts.spec
    this.#model = parts.model
    this.#cursor = parts.cursor
    this.#stepper = parts.stepper
    this.#evaluations = parts.evaluations
    this.#context = parts.context
    this.#elapsedBefore = parts.elapsedMs
  }

  get elapsedMs(): number {
    return this.#elapsedBefore + monotonicMs() - this.#started
  }

  /** Goes on from a checkpoint, if there is one. */
  async restore(): Promise<void> {
    const saved = await this.#context.loadCheckpoint()
    if (saved === null) return
    const state = parseCheckpoint(this.#model, saved)
    await this.#stepper.restore(state)
    this.step = state.step
    this.#saved = state
    this.#elapsedBefore = state.elapsedMs
    this.#stop = state.stop
    this.end = state.end
  }

  /** Writes a checkpoint, unless the last one says the same. */
  async save(): Promise<void> {
    if (this.#saved?.step === this.step && this.#saved.end === this.end) return
    const { step, elapsedMs, end } = this
    const vectors = await this.#stepper.read()
    const state = { ...vectors, step, elapsedMs, stop: this.#stop, end }
    await this.#context.saveCheckpoint(step, formatCheckpoint(this.#model, state))
    this.#saved = { step, end }
  }

  /** Keeps the weights as they are evaluated, once a step. */
  async keep(): Promise<void> {
    if (this.#keptStep === this.step) return
    const { evaluated, buffers } = await this.#stepper.read()
    const bytes = formatWeights(this.#model, { parameters: evaluated, buffers }, this.step)
    await this.#context.saveWeights(this.step, bytes)
    this.#keptStep = this.step
  }

  /** Evaluates, emits a row of metrics, and asks the stopping rules. */
  async evaluate(result: StepResult, learningRate: number): Promise<void> {
    const { train, validation } = await this.#evaluations
      .evaluate(this.#stepper)
      .catch((error: unknown) => {
        throw atStep(error, this.step)
      })
    const { observation } = result
    const row: MetricRow = {
      step: this.step,
      epoch: this.step / this.#cursor.stepsPerEpoch,
      elapsedMs: this.elapsedMs,
      trainLoss: train.loss,
      trainAccuracy: train.accuracy,
      validationLoss: validation?.loss ?? null,
      validationAccuracy: validation?.accuracy ?? null,
      batchLoss: result.loss,
      gradientNorm: result.gradientNorm,
      updateNorm: observation?.updateNorm ?? null,
      gradientCosine: observation?.gradientCosine ?? null,
      distance: observation?.distance ?? null,
      learningRate,
    }
    this.#context.emit({ type: 'metrics', rows: [row] })
    const { stop, snapshots } = this.#spec.train
    const losses = { train: train.loss, watched: validation?.loss ?? train.loss }
    const judged = judgeEvaluation(stop, this.#stop, losses)
    this.#stop = judged.state
    this.end ??= judged.reason
    if (judged.isBest && snapshots.kind === 'best') await this.keep()
  }
}

/**
 * Trains the network of a spec, from a checkpoint if there is one.
 *
 * Emits a row of metrics after the first step, every `evaluateEverySteps`, and at the end; losses and
 * accuracies are means over the evaluated samples of each split, the rest is of the step's batch. Saves a
 * checkpoint every `checkpointEverySteps`, at the end, and before it stops on request; keeps weights as the spec's
 * snapshots say, and the last.
 *
 * Bit-reproducible on the processor: equal spec and seed give equal parameters and metrics at every step on one runtime
 * build with one number of threads, whether interrupted or not (but for `stop.maxSeconds`).
 *
 * @throws StoppedError after a checkpoint; NonFiniteError naming the step.
 */
export async function trainNetwork(
  order: ExperimentOrder,
  model: Model,
  data: ExperimentData,
  workplace: Workplace,
  context: ExperimentContext,
): Promise<TrainedNetwork> {
  const { spec, seed } = order
  const { optimizer, schedule, epochs, stop, snapshots } = spec.train
  const cursor = createBatchCursor({
    count: data.train.count,
    batchSize: spec.train.batchSize,
    // Statistics of a batch would count the rows that only fill it up.
    partial: model.buffers.size > 0 ? 'drop' : 'keep',
    overlap: optimizer.kind === 'lbfgs' ? optimizer.overlap : 0,
    stream: createStream(seed, 'batches'),
  })
  const budget = epochs * cursor.stepsPerEpoch
  const total = Math.min(budget, stop.maxSteps ?? Infinity)
  const isDue = (step: number): boolean =>
    step === 1 || step === total || step % spec.train.evaluateEverySteps === 0

  const start = await startingValues(spec, model, seed)
  const stepper = await createStepper({
    spec,
    model,
    batchSize: cursor.batchSize,
    sampleCount: data.train.count,
    initialParameters: start.parameters,
    initialBuffers: start.buffers,
    seed,
    runtime: workplace.runtime,
  })
  const evaluations = await Evaluations.create(spec, seed, model, data, workplace)
  const { elapsedMs } = order
  const training = new Training({ spec, model, cursor, stepper, evaluations, context, elapsedMs })
  try {
    await training.restore()
    const report = createProgressReporter(context, 'training', 'training', total)
    const feed = createBatchFeed(data.train, cursor, total)
    const keepIfScheduled = async (): Promise<void> => {
      if (snapshots.kind !== 'best' && isScheduled(snapshots, training.step)) await training.keep()
    }
    if (training.step === 0) await keepIfScheduled()
    while (training.step < total && training.end === null) {
      if (context.signal.aborted) {
        await training.save()
        throw new StoppedError()
      }
      const { step } = training
      const learningRate = scheduledRate(schedule, optimizer.learningRate, step, total)
      // The angle between two gradients wants both of their steps observed.
      const isObserved = isDue(step + 1) || isDue(step + 2)
      const result = await stepper
        .step(await feed.at(step), { learningRate, isObserved })
        .catch((error: unknown) => {
          // The parameters are those before the step.
          if (error instanceof NonFiniteError && stop.divergence !== undefined) return null
          throw atStep(error, step + 1)
        })
      if (result === null) {
        training.end = 'divergence'
        break
      }
      training.step = step + 1
      training.end = judgeStep(stop, training.step, training.elapsedMs)
      if (isDue(training.step) || training.end !== null) {
        await training.evaluate(result, learningRate)
      }
      await keepIfScheduled()
      if (training.step % spec.train.checkpointEverySteps === 0) await training.save()
      report(training.step)
    }
    training.end ??= 'epochs'
    await training.save()
    await training.keep()
    context.emit({ type: 'trained', end: { step: training.step, reason: training.end } })
    const { evaluated, buffers } = await stepper.read()
    return { parameters: evaluated.slice(), buffers: buffers.slice(), step: training.step }
  } finally {
    await stepper.release()
    await evaluations.release()
  }
}
