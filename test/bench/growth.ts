/**
 * @file Resident memory of this process over a thousand calls of the operator, in blocks of 8 vectors and one by
 * one, on W1. Fails where it grows by more than 2 %. Run: node test/bench/growth.ts
 */
import { createStream, fillNormal } from '#base'
import { createHessianOperator } from '#geometry/curvature'
import { fullyConnected, initializeParameters, lossProgram } from '#learn/models'

const widths = [64, 64, 64, 10]
const batchSize = 128
const rows = 8
const calls = 1000
const model = fullyConnected({ widths, activation: 'tanh', bias: true, targets: 'values' })
const { layout } = model

const draw = (size: number, name: string): Float32Array => {
  const vector = new Float32Array(size)
  fillNormal(vector, createStream(1, name))
  return vector
}
const operator = await createHessianOperator({
  loss: lossProgram({ model, loss: 'squared-error', batchSize }),
  layout,
  parameters: initializeParameters(model, createStream(1, 'start')),
  batches: [
    [
      draw(batchSize * widths[0]!, 'features'),
      draw(batchSize * widths.at(-1)!, 'targets'),
      new Float32Array(batchSize).fill(1 / batchSize),
    ],
  ],
  rows,
})

const block = draw(rows * layout.size, 'block')
const product = new Float32Array(rows * layout.size)
const run = async (count: number): Promise<number> => {
  for (let i = 0; i < count; i += 1) {
    await operator.apply(block, rows, product)
    await operator.apply(block.subarray(0, layout.size), 1, product.subarray(0, layout.size))
  }
  return process.memoryUsage.rss()
}
// The engine of JavaScript grows to its working size first.
const before = await run(calls)
const after = await run(calls)
const growth = after / before - 1
console.log(
  `${calls} calls with ${rows} vectors and with 1: ${(before / 1e6).toFixed(1)} MB before, ${(after / 1e6).toFixed(1)} MB after (${(100 * growth).toFixed(2)} %)`,
)
await operator.release()
if (growth > 0.02) process.exitCode = 1
