/**
 * @file What a search for eigenpairs costs beside its products, and how orthogonal its basis stays, on a perceptron
 * 784-512-512-10 with a batch of 1024 (W2's sizes, 669,706 parameters). Run: node test/bench/orthogonality.ts [repeats]
 *
 * Three matrices in turn: `steps`, 100 steps on the untrained network; `untrained`, its ten largest eigenvalues to 10⁻³ of
 * the largest, without gaps between them; `trained`, the same after 60 steps of gradient descent. Weights are uniform with a third of
 * the variance that keeps signals, samples lie around ten centers. Medians over the repeats; the load of the machine
 * before each is printed, and figures of a busy one say nothing. Fails if 100 steps take more than 25 % beside their
 * products, or lose more than 10⁻⁶ of orthogonality.
 */
import { loadavg } from 'node:os'
import { createStream, fillNormal, monotonicMs } from '#base'
import { createHessianOperator, sumGradients } from '#geometry/curvature'
import type { LinearOperator } from '#geometry/operators'
import { extremeEigenpairs } from '#geometry/spectral'
import { fullyConnected, lossProgram } from '#learn/models'

const [widths, batchSize] = [[784, 512, 512, 10], 1024]
const [inputs, classes] = [784, 10]
const [repeats, wanted, steps] = [Number(process.argv[2] ?? 5), 10, 100]
const [largestShare, largestLoss] = [0.25, 1e-6]
const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN

const model = fullyConnected({ widths, activation: 'tanh', bias: true, targets: 'classes' })
const { layout } = model
const loss = lossProgram({ model, loss: 'cross-entropy', batchSize })
const labels = Int32Array.from({ length: batchSize }, (_, i) => i % classes)
const centers = new Float32Array(classes * inputs)
fillNormal(centers, createStream(1, 'centers'))
const features = new Float32Array(batchSize * inputs)
fillNormal(features, createStream(1, 'features'))
features.forEach((x, i) => {
  const row = Math.floor(i / inputs)
  features[i] = x + 0.5 * centers[labels[row]! * inputs + (i % inputs)]!
})
const batches = [[features, labels, new Float32Array(batchSize).fill(1 / batchSize)]]

const untrained = new Float32Array(layout.size)
let fanIn = inputs
for (const { name, shape, offset, size } of layout.entries) {
  // A bias follows its matrix `[outputs, inputs]`.
  if (shape.length > 1) fanIn = shape[1]!
  const stream = createStream(1, 'parameters', name)
  for (let i = offset; i < offset + size; i += 1) {
    untrained[i] = (2 * stream.nextUniform() - 1) / Math.sqrt(fanIn)
  }
}
const trained = untrained.slice()
for (let step = 0; step < 60; step += 1) {
  const slope = await sumGradients({ loss, layout, parameters: trained, batches })
  slope.forEach((x, i) => (trained[i]! -= 0.1 * x))
}

/** The operator with a clock on its products. */
function timed(operator: LinearOperator) {
  let ms = 0
  return {
    elapsed: () => ms,
    operator: {
      ...operator,
      apply: async (...block: Parameters<LinearOperator['apply']>) => {
        const started = monotonicMs()
        await operator.apply(...block)
        ms += monotonicMs() - started
      },
    } satisfies LinearOperator,
  }
}

const create = (parameters: Float32Array) =>
  createHessianOperator({ loss, layout, parameters, batches, rows: 1 })
const [atStart, atEnd] = [await create(untrained), await create(trained)]
const cases = [
  { name: 'steps', hessian: atStart, maxProducts: steps + 1 },
  { name: 'untrained', hessian: atStart, maxProducts: 600 },
  { name: 'trained', hessian: atEnd, maxProducts: 600 },
].map((settings) => ({
  ...settings,
  shares: [] as number[],
  products: [] as number[],
  milliseconds: [] as number[],
  losses: [] as number[],
}))
for (let repeat = 0; repeat < repeats; repeat += 1) {
  for (const { name, hessian, maxProducts, ...samples } of cases) {
    const { operator, elapsed } = timed(hessian)
    const load = loadavg()[0] ?? NaN
    const started = monotonicMs()
    const result = await extremeEigenpairs(operator, {
      top: wanted,
      bottom: 0,
      tolerance: 1e-3,
      relativeTo: 'largest',
      blockSize: 1,
      maxProducts,
      stream: createStream(repeat, 'orthogonality'),
    })
    const share = (monotonicMs() - started - elapsed()) / elapsed()
    samples.shares.push(share)
    samples.products.push(result.products)
    samples.milliseconds.push(elapsed() / result.products)
    samples.losses.push(result.orthogonalityLoss)
    process.stdout.write(
      `${name.padEnd(9)} ${result.status}, ${result.products} products of ${(elapsed() / result.products).toFixed(1)} ms, basis of ${result.depth}` +
        `, beside them ${(100 * share).toFixed(1)} %, loss ${result.orthogonalityLoss.toExponential(1)}, load ${load.toFixed(1)}\n`,
    )
  }
}
for (const { name, shares, products, milliseconds, losses } of cases) {
  const [share, worst] = [median(shares), Math.max(...losses)]
  const isOver = worst > largestLoss || (name === 'steps' && share > largestShare)
  if (isOver) process.exitCode = 1
  process.stdout.write(
    `${name.padEnd(9)} median ${median(products)} products of ${median(milliseconds).toFixed(1)} ms, beside them ${(100 * share).toFixed(1)} %` +
      `, largest loss ${worst.toExponential(1)}${isOver ? '  OVER' : ''}\n`,
  )
}
await atStart.release()
await atEnd.release()
