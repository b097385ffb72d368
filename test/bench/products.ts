/**
 * @file Time of a Hessian-vector product against that of the gradient, in pairs: the two alternate, and each
 * pair gives a ratio. Run: npm run bench
 */
import { timeProducts } from '#lab/experiments'

const workloads = [
  { name: 'W1', widths: [64, 64, 64, 10], batchSize: 128, rows: 8, pairs: 200 },
  { name: 'W2', widths: [784, 512, 512, 10], batchSize: 1024, rows: 8, pairs: 15 },
]

const summary = (values: readonly number[]): string => {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (q: number): string => sorted[Math.floor(q * sorted.length)]!.toFixed(2)
  return `${at(0.5)} (${at(0.25)}–${at(0.75)})`
}

console.log('median (quartiles) over alternating pairs; a product in blocks of 8')
for (const { name, ...workload } of workloads) {
  const { parameterCount, gradientMs, productMs, ratios } = await timeProducts(workload)
  console.log(
    `${name} ${workload.widths.join('-')}, batch ${workload.batchSize}, ${parameterCount} parameters: gradient ${summary(gradientMs)} ms, product ${summary(productMs)} ms, ratio ${summary(ratios)}`,
  )
}
