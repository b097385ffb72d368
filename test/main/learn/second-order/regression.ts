import { join } from 'node:path'
import { createStream } from '#base'
import {
  batchBuffers,
  createBatchCursor,
  loadDigits,
  readAll,
  samplesInMemory,
  type Samples,
} from '#learn/datasets'
import { fullyConnected, lossProgram } from '#learn/models'
import { optimizerTransform } from '#learn/optimizers'
import {
  createEvaluator,
  LbfgsStepper,
  Trainer,
  type Evaluator,
  type LbfgsSettings,
  type Stepper,
} from '#learn/training'
import type { TensorData } from '#tensor/dense'
import { add, Graph, inlineProgram, mul, reduceSum, type Program } from '#tensor/program'

const batchSize = 128
const decay = 0.01
const model = fullyConnected({
  widths: [64, 10],
  activation: 'identity',
  bias: true,
  targets: 'classes',
})
const start = new Float32Array(model.layout.size)

/** The mean cross-entropy + ½·decay·‖θ‖². */
function decayedLoss(rows: number): Program {
  const program = lossProgram({ model, loss: 'cross-entropy', batchSize: rows, mode: 'train' })
  const graph = new Graph()
  const inputs = program.inputs.map(({ type }) => graph.input(type))
  const [loss] = inlineProgram(program, graph, inputs)
  const total = inputs
    .slice(0, model.layout.entries.length)
    .reduce((sum, x) => add(sum, mul(reduceSum(mul(x, x)), decay / 2)), loss!)
  return graph.finish(program.name, inputs, [total])
}

const lossOf = (program: Program) => ({ program, layout: model.layout, buffers: model.buffers })

/** How often and from where a stepper is given batches. */
export interface Run {
  readonly rate: number
  /** Evaluations of the gradient of a batch. */
  readonly evaluations: number
  readonly seed: number
}

/** Softmax regression of the digits, whose pixels are scaled by factors from 10^−½ to 10^½. */
export class Regression {
  readonly #samples: Samples
  readonly #whole: readonly TensorData[]
  readonly #evaluator: Evaluator

  private constructor(samples: Samples, whole: readonly TensorData[], evaluator: Evaluator) {
    this.#samples = samples
    this.#whole = whole
    this.#evaluator = evaluator
  }

  static async create(): Promise<Regression> {
    const folder = join(import.meta.dirname, '../../../../resources/data/digits-8x8')
    const digits = await loadDigits(folder)
    const { features, targets } = await readAll(digits)
    // In no order that pixels are near each other in.
    const factors = Array.from({ length: 64 }, (_, j) => 10 ** (((37 * j) % 64) / 63 - 0.5))
    const samples = samplesInMemory({
      features: digits.features,
      targets: digits.targets,
      values: (features as Float32Array).map((x, i) => x * factors[i % 64]!),
      answers: targets,
    })
    const { count } = samples
    const all = await readAll(samples)
    const whole = [all.features, all.targets, new Float32Array(count).fill(1 / count)]
    const loss = decayedLoss(count)
    return new Regression(samples, whole, await createEvaluator({ loss, layout: model.layout }))
  }

  /** The least loss of all samples. */
  async minimum(): Promise<number> {
    const stepper = await LbfgsStepper.create({
      loss: lossOf(decayedLoss(this.#samples.count)),
      initialParameters: start,
      settings: { isFullBatch: true, historySize: 20 },
    })
    for (let step = 0; step < 100; step += 1) {
      await stepper.step(this.#whole, { learningRate: 1, isObserved: false })
    }
    return this.#lossAt(stepper)
  }

  /** The loss of all samples that L-BFGS leads to. */
  async lbfgs(settings: LbfgsSettings, run: Run): Promise<number> {
    const stepper = await LbfgsStepper.create({
      loss: lossOf(decayedLoss(batchSize)),
      initialParameters: start,
      settings,
    })
    await this.#takeSteps(run, settings.overlap ?? 0, async (batch) => {
      const { rate } = run
      return (await stepper.step(batch, { learningRate: rate, isObserved: false })).evaluations
    })
    return this.#lossAt(stepper)
  }

  /** The loss of all samples that SGD leads to. */
  async sgd(run: Run): Promise<number> {
    const stepper = await Trainer.create({
      loss: decayedLoss(batchSize),
      layout: model.layout,
      buffers: model.buffers,
      optimizer: optimizerTransform({ kind: 'sgd' }),
      initialParameters: start,
    })
    await this.#takeSteps(run, 0, async (batch) => {
      await stepper.step(batch, { learningRate: run.rate, isObserved: false })
      return 1
    })
    return this.#lossAt(stepper)
  }

  async #takeSteps(
    { evaluations, seed }: Run,
    overlap: number,
    stepOn: (batch: readonly TensorData[]) => Promise<number>,
  ): Promise<void> {
    const stream = createStream(seed, 'batches')
    const cursor = createBatchCursor({ count: this.#samples.count, batchSize, overlap, stream })
    const { features, targets } = batchBuffers(this.#samples, batchSize)
    for (let [step, used] = [0, 0]; used < evaluations; step += 1) {
      const rows = cursor.indicesAt(step)
      await this.#samples.read(rows, features, targets)
      const weights = new Float32Array(batchSize).fill(1 / rows.length, 0, rows.length)
      used += await stepOn([features, targets, weights])
    }
  }

  async #lossAt(stepper: Stepper): Promise<number> {
    const [loss] = await this.#evaluator.evaluate(stepper.evaluatedTensors, [this.#whole])
    await stepper.release()
    return loss!
  }
}
