import { setTimeout as delay } from 'node:timers/promises'
import { createStream, StoppedError } from '#base'
import { processPort, runWorker, type Execute } from '#lab/jobs'
import { writeCheckpoint, writeWeights, type MeasureKey } from '#lab/store'
import type { MetricRow, WorkerEvent } from '#shared/schemas'

/**
 * A compute process that counts instead of training: `train.epochs` steps, metrics and checkpoints
 * as the spec says, weights at every 15th step, one trace a measurement. What it holds depends on every
 * step before, so a lost or repeated step shows in all later numbers.
 *
 * The spec's name is its orders, e.g. `kill-at=27 ms=5`. Trouble comes on the first attempt only.
 */
const execute: Execute = async (order, context) => {
  const plan = new Map(
    order.spec.name.split(' ').map((word) => {
      const [key, value] = word.split('=')
      return [key, Number(value)]
    }),
  )
  const trouble = (name: string) => (order.attempt === 1 ? plan.get(name) : undefined)
  const { epochs: steps, evaluateEverySteps, checkpointEverySteps } = order.spec.train
  let [step, value] = decode(await context.loadCheckpoint()) ?? [0, order.seed + 1]

  // Weights of a first attempt may differ, as they would on another machine.
  const weights = () => encode(step, value, trouble('other-weights') === undefined ? 0 : 3)
  const save = () => context.saveCheckpoint(step, encode(step, value, plan.get('pad') ?? 0))
  context.emit(prepared(order.seed))
  if (trouble('nonsense') !== undefined) process.send?.({ type: 'nonsense' })
  while (step < steps) {
    if (context.signal.aborted) {
      await save()
      throw new StoppedError()
    }
    if (trouble('hang-at') === step) await forever()
    if (trouble('spin-at') === step) for (;;);
    if (trouble('kill-at') === step) process.kill(process.pid, 'SIGKILL')
    if (trouble('throw-at') === step) throw new Error('the numbers ran out')
    if (trouble('crash-at') === step) {
      process.stderr.write('onnxruntime error: bad arena\n    at somewhere\n\nNode.js v24\n')
      process.exit(7)
    }
    value = (value * 1_103_515_245 + 12_345) % 2_147_483_648
    step += 1
    context.emit(progress(step, steps))
    if (step % evaluateEverySteps === 0) context.emit({ type: 'metrics', rows: [row(step, value)] })
    if (step % weightsEverySteps === 0) {
      if (trouble('kill-unregistered-weights-at') === step) {
        writeWeights(order.folder, step, weights())
        process.kill(process.pid, 'SIGKILL')
      }
      await context.saveWeights(step, weights())
    }
    if (step % checkpointEverySteps === 0) {
      if (trouble('kill-unregistered-at') === step) {
        writeCheckpoint(order.folder, step, encode(step, value, 0))
        process.kill(process.pid, 'SIGKILL')
      }
      await save()
    }
    await delay(plan.get('ms') ?? 0)
  }
  context.emit({ type: 'trained', end: { step, reason: 'epochs' } })
  for (const index of order.spec.measure.keys()) {
    if (order.measured.some((key) => key.index === index)) continue
    if (trouble('kill-measuring') === index) process.kill(process.pid, 'SIGKILL')
    context.emit(measured({ index, step }, order.seed, value))
    await delay(1)
  }
}

const weightsEverySteps = 15

const forever = () => new Promise<never>(() => setInterval(() => {}, 1_000))

function encode(step: number, value: number, pad: number): Uint8Array {
  const noise = createStream(step, 'pad')
  return Buffer.concat([
    new Uint8Array(new Float64Array([step, value]).buffer),
    Uint8Array.from({ length: pad }, () => noise.nextUint32()),
  ])
}

function decode(bytes: Uint8Array | null): [step: number, value: number] | null {
  if (bytes === null) return null
  const [step, value] = new Float64Array(bytes.buffer, 0, 2)
  return [step!, value!]
}

const row = (step: number, value: number): MetricRow => ({
  step,
  epoch: step / 7,
  elapsedMs: step * 1.5,
  trainLoss: value / 2_147_483_648,
  trainAccuracy: Math.sin(value),
  validationLoss: null,
  validationAccuracy: null,
  gradientNorm: Math.sqrt(value),
  batchLoss: value,
  updateNorm: Math.cbrt(value),
  gradientCosine: step === 1 ? null : Math.cos(value),
  distance: Math.log1p(value),
  learningRate: 1 / step,
})

const progress = (done: number, total: number): WorkerEvent => ({
  type: 'progressed',
  progress: { phase: 'training', label: 'counting', done, total, etaMs: null },
})

const measured = ({ index, step }: MeasureKey, seed: number, value: number): WorkerEvent => ({
  type: 'measured',
  document: {
    kind: 'eigenpairs',
    index,
    status: 'converged',
    note: '',
    method: 'counting',
    seed,
    parameterCount: 1,
    sampleCount: 1,
    step,
    operator: 'hessian',
    size: null,
    tensors: null,
    split: 'training',
    cost: { products: 1, elapsedMs: 0 },
    tolerance: 0.1,
    top: [{ value: value + index, residual: 0 }],
    bottom: [],
    orthogonalityLoss: 0,
    blockSize: 1,
    fileName: null,
  },
})

const prepared = (seed: number): WorkerEvent => ({
  type: 'prepared',
  modelLabel: 'mlp 64-2-10',
  parameterCount: 1,
  dataCard: {
    kind: 'digits',
    source: 'none',
    trainCount: 1,
    validationCount: 1,
    featureCount: 1,
    outputCount: 1,
    classCounts: null,
    featureMean: 0,
    featureDeviation: 1,
    featureShape: [1],
    vocabulary: null,
    sequenceLength: null,
    bytesPerToken: null,
    classNames: null,
    channelMeans: null,
    channelDeviations: null,
    intrinsicDimension: null,
  },
  provenance: {
    seed,
    specHash: 'x',
    appVersion: '0',
    gitCommit: null,
    gitDirty: null,
    versions: {},
    platform: 'test',
    cpu: 'test',
    threads: 1,
    memoryBytes: 1,
    device: 'cpu',
    runtime: 'none',
  },
})

await runWorker(processPort(), execute)
