/**
 * @file Time of a Hessian-vector product against that of the gradient, in pairs: the two alternate, and each
 * pair gives a ratio. Run: npm run bench
 */
import { createStream, fillNormal, monotonicMs } from '#base'
import { createHessianOperator } from '#geometry/curvature'
import { initializeParameters, lossProgram, networkLayout, parameterInputs } from '#learn/models'
import { layoutViews } from '#tensor/dense'
import { compileProgram } from '#tensor/runtime'
import { gradient } from '#tensor/transforms'

const workloads = [
  { name: 'W1', widths: [64, 64, 64, 10], batchSize: 128, pairs: 200 },
  { name: 'W2', widths: [784, 512, 512, 10], batchSize: 1024, pairs: 15 },
]
const rows = 8

const normals = (size: number, name: string): Float32Array => {
  const vector = new Float32Array(size)
  fillNormal(vector, createStream(0, 'bench', name))
  return vector
}
const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!
const summary = (values: readonly number[]): string => {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => quantile(sorted, q).toFixed(2))
  return `${middle} (${low}–${high})`
}
const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const started = monotonicMs()
  await work()
  return monotonicMs() - started
}

console.log(`median (quartiles) over alternating pairs; a product in blocks of ${rows}`)
for (const { name, widths, batchSize, pairs } of workloads) {
  const network = { widths, activation: 'tanh', bias: true } as const
  const layout = networkLayout(network)
  const loss = lossProgram({ network, loss: 'cross-entropy', batchSize, withAccuracy: false })
  const parameters = initializeParameters(layout, 'pytorch', createStream(0, 'bench'))
  const classes = widths.at(-1)!
  const targets = new Float32Array(batchSize * classes)
  for (let i = 0; i < batchSize; i += 1) targets[i * classes + (i % classes)] = 1
  const batch = [
    normals(batchSize * widths[0]!, 'inputs'),
    targets,
    new Float32Array(batchSize).fill(1 / batchSize),
  ]
  const slope = await compileProgram(gradient(loss, parameterInputs(layout)))
  const slopes = layoutViews(layout, new Float32Array(layout.size))
  const runGradient = () => slope.run([...layoutViews(layout, parameters), ...batch], slopes)
  const operator = await createHessianOperator({ loss, layout, parameters, batches: [batch], rows })
  const block = normals(rows * layout.size, 'block')
  const products = new Float32Array(rows * layout.size)
  const runBlock = () => operator.apply(block, rows, products)

  for (let i = 0; i < 3; i += 1) {
    await runGradient()
    await runBlock()
  }
  const gradientMs: number[] = []
  const productMs: number[] = []
  for (let i = 0; i < pairs; i += 1) {
    gradientMs.push(await timed(runGradient))
    productMs.push((await timed(runBlock)) / rows)
  }
  const ratios = productMs.map((ms, i) => ms / gradientMs[i]!)
  console.log(
    `${name} ${widths.join('-')}, batch ${batchSize}, ${layout.size} parameters: gradient ${summary(gradientMs)} ms, product ${summary(productMs)} ms, ratio ${summary(ratios)}`,
  )
  await slope.release()
  await operator.release()
}
