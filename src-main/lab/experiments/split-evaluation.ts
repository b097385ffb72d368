import { NonFiniteError, shuffledIndices, type RandomStream } from '#base'
import { selectRows, type Samples } from '#learn/datasets'
import { lossProgram, type Loss, type Model } from '#learn/models'
import { labelsPerSample } from '#learn/tasks'
import { createEvaluator, type Evaluator } from '#learn/training'
import { uploadBatches, type ResidentTensor, type Runtime } from '#tensor/runtime'
import { accuracyOf, partitionSamples } from './batches.ts'
import { evaluationBatch } from './forecast.ts'

/** Means over the evaluated samples of a split. */
export interface SplitMeans {
  readonly loss: number
  readonly accuracy: number | null
}

/** At most `limit` of the samples, drawn without replacement, in their order. */
export function evaluatedSamples(samples: Samples, limit: number, stream: RandomStream): Samples {
  if (samples.count <= limit) return samples
  return selectRows(samples, shuffledIndices(samples.count, stream).subarray(0, limit).sort())
}

/** Evaluates the mean loss (and accuracy) of a split, which stays where the runtime computes. */
export class SplitEvaluation {
  readonly #evaluator: Evaluator
  readonly #batches: readonly (readonly ResidentTensor[])[]
  readonly #answers: number
  readonly #where: string

  private constructor(
    evaluator: Evaluator,
    batches: readonly (readonly ResidentTensor[])[],
    answers: number,
    where: string,
  ) {
    this.#evaluator = evaluator
    this.#batches = batches
    this.#answers = answers
    this.#where = where
  }

  /**
   * Reads the samples and compiles the loss.
   *
   * @param options.where - What is evaluated, for errors.
   */
  static async create(options: {
    readonly samples: Samples
    readonly model: Model
    readonly loss: Loss
    readonly runtime: Runtime
    readonly where: string
  }): Promise<SplitEvaluation> {
    const { samples, model, runtime, where } = options
    const batchSize = evaluationBatch(samples)
    const loss = lossProgram({
      model,
      loss: options.loss,
      batchSize,
      withAccuracy: samples.targets.kind === 'classes',
    })
    const evaluator = await createEvaluator({ loss, layout: model.layout, runtime })
    const held = model.layout.entries.length + model.buffers.entries.length
    const types = loss.inputs.slice(held).map((variable) => variable.type)
    const batches = await uploadBatches(runtime, await partitionSamples(samples, batchSize), types)
    const answers = samples.count * labelsPerSample(samples.targets)
    return new SplitEvaluation(evaluator, batches, answers, where)
  }

  /**
   * Evaluates.
   *
   * @param tensors - Parameters, then running statistics.
   * @throws NonFiniteError if the loss is not finite.
   */
  async evaluate(tensors: readonly ResidentTensor[]): Promise<SplitMeans> {
    const [loss, accuracy] = await this.#evaluator.evaluate(tensors, this.#batches)
    if (!Number.isFinite(loss)) throw new NonFiniteError(this.#where)
    return { loss: loss!, accuracy: accuracyOf(accuracy, this.#answers) }
  }

  async release(): Promise<void> {
    for (const tensor of this.#batches.flat()) tensor.release()
    await this.#evaluator.release()
  }
}
