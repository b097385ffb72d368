import { createStream, monotonicMs, NonFiniteError, StoppedError } from '#base'
import { createBatchCursor, type Samples } from '#learn/datasets'
import { initializeBuffers, initializeParameters, lossProgram, type Model } from '#learn/models'
import { optimizerTransform } from '#learn/optimizers'
import { createEvaluator, Trainer, type Evaluator } from '#learn/training'
import { uploadBatches, type ResidentTensor, type Runtime } from '#tensor/runtime'
import type { ExperimentSpec, MetricRow } from '#shared/schemas'
import { accuracyOf, createBatchBuffer, partitionSamples } from './batches.ts'
import { formatCheckpoint, parseCheckpoint } from './checkpoint-codec.ts'
import type { ExperimentContext, ExperimentOrder, Workplace } from './context.ts'
import type { ExperimentData } from './data.ts'
import { evaluationBatch } from './forecast.ts'
import { createProgressReporter } from './progress.ts'

/** Means over a split. */
interface SplitMeans {
  readonly loss: number
  readonly accuracy: number | null
}

/** Evaluates the mean loss (and accuracy) of a split. */
class SplitEvaluation {
  readonly #evaluator: Evaluator
  readonly #batches: readonly (readonly ResidentTensor[])[]
  readonly #count: number
  readonly #where: string

  private constructor(
    evaluator: Evaluator,
    batches: readonly (readonly ResidentTensor[])[],
    count: number,
    where: string,
  ) {
    this.#evaluator = evaluator
    this.#batches = batches
    this.#count = count
    this.#where = where
  }

  static async create(
    samples: Samples,
    model: Model,
    spec: ExperimentSpec,
    runtime: Runtime,
    where: string,
  ): Promise<SplitEvaluation> {
    const batchSize = Math.min(evaluationBatch, samples.count)
    const loss = lossProgram({
      model,
      loss: spec.train.loss,
      batchSize,
      withAccuracy: samples.targets.kind === 'classes',
    })
    const { layout } = model
    const evaluator = await createEvaluator({ loss, layout, runtime })
    const types = loss.inputs.slice(layout.entries.length).map((variable) => variable.type)
    const batches = await uploadBatches(runtime, await partitionSamples(samples, batchSize), types)
    return new SplitEvaluation(evaluator, batches, samples.count, where)
  }

  async evaluate(parameters: readonly ResidentTensor[]): Promise<SplitMeans> {
    const [loss, accuracy] = await this.#evaluator.evaluate(parameters, this.#batches)
    if (!Number.isFinite(loss)) throw new NonFiniteError(this.#where)
    return { loss: loss!, accuracy: accuracyOf(accuracy, this.#count) }
  }

  async release(): Promise<void> {
    for (const tensor of this.#batches.flat()) tensor.release()
    await this.#evaluator.release()
  }
}

/**
 * Trains the network of a spec, from a checkpoint if there is one.
 *
 * Emits a row of metrics after the first step, every `evaluateEverySteps`, and at the end; loss and
 * accuracy are means over the whole splits, the gradient norm is that of the step's batch. Saves a
 * checkpoint every `checkpointEverySteps`, at the end, and before it stops on request.
 *
 * Bit-reproducible on the processor: equal spec and seed give equal parameters at every step on one runtime
 * build with one number of threads, whether interrupted or not.
 *
 * @returns The trained parameters, `[n]`, and the step they belong to.
 * @throws StoppedError after a checkpoint; NonFiniteError naming the step.
 */
export async function trainNetwork(
  order: ExperimentOrder,
  model: Model,
  data: ExperimentData,
  workplace: Workplace,
  context: ExperimentContext,
): Promise<{ parameters: Float32Array; buffers: Float32Array; step: number }> {
  const { spec, seed } = order
  const { train, validation } = data
  const { layout } = model
  const batchSize = Math.min(spec.train.batchSize, train.count)
  const cursor = createBatchCursor({
    count: train.count,
    batchSize,
    stream: createStream(seed, 'batches'),
  })
  const total = spec.train.epochs * cursor.stepsPerEpoch
  const { runtime } = workplace

  const trainer = await Trainer.create({
    loss: lossProgram({ model, loss: spec.train.loss, batchSize, mode: 'train' }),
    layout,
    optimizer: optimizerTransform(spec.train.optimizer),
    initialParameters: initializeParameters(model, createStream(seed, 'initialization')),
    runtime,
  })
  const trainSplit = await SplitEvaluation.create(train, model, spec, runtime, 'the training loss')
  const validationSplit =
    validation === null
      ? null
      : await SplitEvaluation.create(validation, model, spec, runtime, 'the validation loss')

  let step = 0
  let elapsedBefore = order.elapsedMs
  const saved = await context.loadCheckpoint()
  if (saved !== null) {
    const state = parseCheckpoint(layout, saved)
    await trainer.restore(state.parameters, state.optimizer)
    step = state.step
    elapsedBefore = state.elapsedMs
  }
  const started = monotonicMs()
  const elapsedMs = (): number => elapsedBefore + monotonicMs() - started
  let savedStep = saved === null ? -1 : step
  const save = async (): Promise<void> => {
    if (savedStep === step) return
    const { parameters, state } = await trainer.read()
    const bytes = formatCheckpoint(layout, {
      step,
      elapsedMs: elapsedMs(),
      parameters,
      optimizer: state,
    })
    await context.saveCheckpoint(step, bytes)
    savedStep = step
  }
  const row = async (gradientNorm: number): Promise<MetricRow> => {
    const onTrain = await trainSplit.evaluate(trainer.parameterTensors)
    const onValidation = await validationSplit?.evaluate(trainer.parameterTensors)
    return {
      step,
      epoch: step / cursor.stepsPerEpoch,
      elapsedMs: elapsedMs(),
      trainLoss: onTrain.loss,
      trainAccuracy: onTrain.accuracy,
      validationLoss: onValidation?.loss ?? null,
      validationAccuracy: onValidation?.accuracy ?? null,
      gradientNorm,
    }
  }

  try {
    const report = createProgressReporter(context, 'training', 'training', total)
    const buffer = createBatchBuffer(train, batchSize)
    while (step < total) {
      if (context.signal.aborted) {
        await save()
        throw new StoppedError()
      }
      await buffer.fill(cursor.indicesAt(step))
      const { gradientNorm } = await trainer
        .step(buffer.batch, spec.train.optimizer.learningRate)
        .catch((error: unknown) => {
          throw atStep(error, step + 1)
        })
      step += 1
      const isDue = step % spec.train.evaluateEverySteps === 0
      if (isDue || step === 1 || step === total) {
        context.emit({ type: 'metrics', rows: [await row(gradientNorm)] })
      }
      if (step % spec.train.checkpointEverySteps === 0 || step === total) await save()
      report(step)
    }
    await save()
    const { parameters } = await trainer.read()
    return { parameters: parameters.slice(), buffers: initializeBuffers(model), step }
  } finally {
    await trainer.release()
    await trainSplit.release()
    await validationSplit?.release()
  }
}

/** Says at which step a number broke. */
function atStep(error: unknown, step: number): unknown {
  return error instanceof NonFiniteError
    ? new NonFiniteError(`${error.where} at step ${step}; try a smaller learning rate`)
    : error
}
