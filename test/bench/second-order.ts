/**
 * @file Second-order methods against their aims.
 * Run: node test/bench/second-order.ts [kfac] [lbfgs]
 *
 * - kfac: steps until the training loss of a perceptron 784-512-512-10 (tanh, glorot-normal) on MNIST-10k is 0.05, K-FAC
 *   against Adam, both tuned over five values of one setting on a grid (λ; the learning rate) with seed 1, then run with
 *   seeds 2 to 4. Fails if K-FAC takes more than half of Adam's steps.
 * - lbfgs: softmax regression on the digits, full batch, with and without ½·λ·‖θ‖², until no lower point is found.
 */
import { join } from 'node:path'
import { createStream } from '#base'
import {
  batchBuffers,
  createBatchCursor,
  loadDigits,
  loadMnist,
  readAll,
  rowRange,
  type Samples,
} from '#learn/datasets'
import { fullyConnected, initializeParameters, lossProgram, tappedLoss } from '#learn/models'
import { optimizerTransform } from '#learn/optimizers'
import {
  createEvaluator,
  KfacStepper,
  LbfgsStepper,
  Trainer,
  type Evaluator,
  type Stepper,
} from '#learn/training'
import type { TensorData } from '#tensor/dense'
import { add, Graph, inlineProgram, mul, reduceSum, type Program } from '#tensor/program'

const data = join(import.meta.dirname, '..', '..', 'resources', 'data')
const batchSize = 512
const target = 0.05
/** Steps between two evaluations of the whole training set. */
const every = 5
const mostSteps = 400
const model = fullyConnected({
  widths: [784, 512, 512, 10],
  activation: 'tanh',
  bias: true,
  targets: 'classes',
  initialization: 'glorot-normal',
})

const filled = (size: number, value: number): Float32Array => new Float32Array(size).fill(value)

/** What a run came to. */
interface Reached {
  /** Null if the target was not reached. */
  readonly steps: number | null
  /** Seconds of all steps, without evaluations and compilation. */
  readonly seconds: number
}

class Race {
  readonly #samples: Samples
  readonly #evaluator: Evaluator
  readonly #batches: readonly (readonly TensorData[])[]

  private constructor(
    samples: Samples,
    evaluator: Evaluator,
    batches: readonly (readonly TensorData[])[],
  ) {
    this.#samples = samples
    this.#evaluator = evaluator
    this.#batches = batches
  }

  static async create(): Promise<Race> {
    const samples = await loadMnist(join(data, 'mnist-10k'), 10_000)
    const rows = 1000
    const evaluator = await createEvaluator({
      loss: lossProgram({ model, loss: 'cross-entropy', batchSize: rows }),
      layout: model.layout,
    })
    const batches: TensorData[][] = []
    for (let from = 0; from < samples.count; from += rows) {
      const { features, targets } = batchBuffers(samples, rows)
      await samples.read(rowRange(from, from + rows), features, targets)
      batches.push([features, targets, filled(rows, 1 / samples.count)])
    }
    return new Race(samples, evaluator, batches)
  }

  /** Steps until the training loss is at its target. */
  async run(stepper: Stepper, learningRate: number, seed: number): Promise<Reached> {
    const cursor = createBatchCursor({
      count: this.#samples.count,
      batchSize,
      stream: createStream(seed, 'batches'),
      partial: 'drop',
    })
    const { features, targets } = batchBuffers(this.#samples, batchSize)
    const weights = filled(batchSize, 1 / batchSize)
    let seconds = 0
    for (let step = 0; step < mostSteps; step += 1) {
      await this.#samples.read(cursor.indicesAt(step), features, targets)
      const start = performance.now()
      try {
        await stepper.step([features, targets, weights], { learningRate, isObserved: false })
      } catch {
        return { steps: null, seconds }
      }
      seconds += (performance.now() - start) / 1000
      if ((step + 1) % every !== 0) continue
      const [loss] = await this.#evaluator.evaluate(stepper.evaluatedTensors, this.#batches)
      if (loss! <= target) return { steps: step + 1, seconds }
      if (!Number.isFinite(loss)) return { steps: null, seconds }
    }
    return { steps: null, seconds }
  }
}

/** A method with the setting that is tuned. */
interface Contestant {
  readonly name: string
  readonly setting: string
  readonly grid: readonly number[]
  create(value: number, seed: number): Promise<Stepper>
  learningRate(value: number): number
}

const start = (seed: number): Float32Array =>
  initializeParameters(model, createStream(seed, 'parameters'))

const contestants: readonly Contestant[] = [
  {
    name: 'Adam',
    setting: 'learning rate',
    grid: [3e-4, 1e-3, 2e-3, 4e-3, 8e-3],
    learningRate: (value) => value,
    create: (_value, seed) =>
      Trainer.create({
        loss: lossProgram({ model, loss: 'cross-entropy', batchSize }),
        layout: model.layout,
        optimizer: optimizerTransform({ kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }),
        initialParameters: start(seed),
      }),
  },
  {
    name: 'K-FAC',
    setting: 'damping',
    grid: [3e-4, 1e-3, 3e-3, 1e-2, 0.1],
    learningRate: () => 1,
    create: (damping, seed) =>
      KfacStepper.create({
        loss: tappedLoss({ model, loss: 'cross-entropy', batchSize }),
        initialParameters: start(seed),
        settings: { damping },
        seed,
      }),
  },
]

async function attempt(
  race: Race,
  contestant: Contestant,
  value: number,
  seed: number,
): Promise<Reached> {
  const stepper = await contestant.create(value, seed)
  const reached = await race.run(stepper, contestant.learningRate(value), seed)
  await stepper.release()
  const steps = reached.steps === null ? `not in ${mostSteps}` : `${reached.steps}`
  console.log(
    `| ${contestant.name} | ${contestant.setting} ${value} | ${seed} | ${steps} | ${reached.seconds.toFixed(1)} |`,
  )
  return reached
}

/** Tunes a method and gives the mean of its steps with other seeds. */
async function tunedSteps(race: Race, contestant: Contestant): Promise<number> {
  let best = { value: Number.NaN, steps: Infinity }
  for (const value of contestant.grid) {
    const { steps } = await attempt(race, contestant, value, 1)
    if (steps !== null && steps < best.steps) best = { value, steps }
  }
  let total = 0
  for (const seed of [2, 3, 4]) {
    const { steps } = await attempt(race, contestant, best.value, seed)
    total += steps ?? Infinity
  }
  return total / 3
}

async function raceKfac(): Promise<void> {
  const race = await Race.create()
  console.log('| method | setting | seed | steps | seconds |\n|---|---|---|---|---|')
  const [adam, kfac] = [
    await tunedSteps(race, contestants[0]!),
    await tunedSteps(race, contestants[1]!),
  ]
  console.log(`\nsteps to ${target}: Adam ${adam.toFixed(0)}, K-FAC ${kfac.toFixed(0)}`)
  if (!(kfac <= adam / 2)) process.exitCode = 1
}

/** L + ½·λ·‖θ‖² */
function withDecay(program: Program, parameterCount: number, decay: number): Program {
  const graph = new Graph()
  const inputs = program.inputs.map(({ type }) => graph.input(type))
  const [loss] = inlineProgram(program, graph, inputs)
  const total = inputs
    .slice(0, parameterCount)
    .reduce((sum, x) => add(sum, mul(reduceSum(mul(x, x)), decay / 2)), loss!)
  return graph.finish(program.name, inputs, [total])
}

async function regressDigits(decay: number): Promise<void> {
  const samples = await loadDigits(join(data, 'digits-8x8'))
  const linear = fullyConnected({
    widths: [64, 10],
    activation: 'identity',
    bias: true,
    targets: 'classes',
  })
  const { features, targets } = await readAll(samples)
  const batch = [features, targets, filled(samples.count, 1 / samples.count)]
  const stepper = await LbfgsStepper.create({
    loss: {
      program: withDecay(
        lossProgram({ model: linear, loss: 'cross-entropy', batchSize: samples.count }),
        linear.layout.entries.length,
        decay,
      ),
      layout: linear.layout,
      buffers: linear.buffers,
    },
    initialParameters: new Float32Array(linear.layout.size),
    settings: { isFullBatch: true, historySize: 30 },
  })
  console.log(`\nλ = ${decay}\n`)
  console.log('| steps | evaluations | loss | gradient norm |\n|---|---|---|---|')
  let [evaluations, best, failures] = [0, Infinity, 0]
  for (let step = 0; step < 3000 && failures < 3; step += 1) {
    const result = await stepper.step(batch, { learningRate: 1, isObserved: false })
    evaluations += result.evaluations
    failures = result.status === 'moved' ? 0 : failures + 1
    if (result.gradientNorm < best / 10 || failures === 3) {
      console.log(
        `| ${step} | ${evaluations} | ${result.loss.toPrecision(8)} | ${result.gradientNorm.toExponential(2)} |`,
      )
    }
    if (result.gradientNorm < best / 10) best = result.gradientNorm
  }
  await stepper.release()
}

async function regressAll(): Promise<void> {
  for (const decay of [0, 1e-3]) await regressDigits(decay)
}

const chosen = process.argv.slice(2)
const runs = { kfac: raceKfac, lbfgs: regressAll } as const
for (const [name, run] of Object.entries(runs)) {
  if (chosen.length === 0 || chosen.includes(name)) await run()
}
