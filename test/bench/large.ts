/**
 * @file A billion parameters: gradient and one Hessian-vector product of a network of 50 square weight matrices, with
 * the time and the largest resident memory of the process. Run: node test/bench/large.ts --width 4471
 *
 * Parameters and direction are uniform numbers of a linear congruential generator: normal draws would take
 * longer than the product. The check needs no further vector: along v, first and second differences of the
 * loss at θ ± εv and θ ± 2εv against ⟨g, v⟩ and ⟨v, Hv⟩.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createHessianOperator, sumGradients } from '#geometry/curvature'
import { createEvaluator } from '#learn/training'
import { fullyConnected, lossProgram } from '#learn/models'

const { values } = parseArgs({
  options: { width: { type: 'string', default: '1414' }, depth: { type: 'string', default: '50' } },
})
const width = Number(values.width)
const depth = Number(values.depth)
const batchSize = 16

/** Of this process, in GB (10⁹ bytes): the largest so far and now. */
function residentMemory(): string {
  const status = readFileSync('/proc/self/status', 'utf8')
  const gigabytes = (name: string): string =>
    ((Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) * 1024) / 1e9).toFixed(2)
  return `resident ${gigabytes('VmRSS')} GB, at most ${gigabytes('VmHWM')} GB`
}

const started = performance.now()
let last = started
function report(what: string): void {
  const now = performance.now()
  const seconds = (from: number): string => ((now - from) / 1000).toFixed(1)
  console.log(
    `${what.padEnd(12)} ${seconds(last).padStart(6)} s, since the start ${seconds(started)} s; ${residentMemory()}`,
  )
  last = now
}

/** Uniform in ±`bound`. */
function fillUniform(vector: Float32Array, bound: number, seed: number): Float32Array {
  const scale = bound / 2 ** 31
  let state = seed
  for (let i = 0; i < vector.length; i += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    vector[i] = state * scale
  }
  return vector
}

const model = fullyConnected({
  widths: new Array<number>(depth + 1).fill(width),
  activation: 'tanh',
  bias: false,
  targets: 'values',
})
const { layout } = model
const loss = lossProgram({ model, loss: 'squared-error', batchSize })
console.log(`${layout.size} parameters: ${depth} matrices ${width} × ${width}, batch ${batchSize}`)

// Variance 1/width: signals keep their size from layer to layer.
const bound = Math.sqrt(3 / width)
const parameters = fillUniform(new Float32Array(layout.size), bound, 1)
const direction = fillUniform(new Float32Array(layout.size), bound, 2)
const batches = [
  [
    fillUniform(new Float32Array(batchSize * width), 1, 3),
    fillUniform(new Float32Array(batchSize * width), 1, 4),
    new Float32Array(batchSize).fill(1 / batchSize),
  ],
]
report('vectors')

const gradient = await sumGradients({ loss, layout, parameters, batches })
report('gradient')

const operator = await createHessianOperator({ loss, layout, parameters, batches, rows: 1 })
const product = new Float32Array(layout.size)
await operator.apply(direction, 1, product)
report('product')

const { space } = operator
const [slope] = await space.innerProducts(gradient, 1, direction, 1)
const [curvature] = await space.innerProducts(product, 1, direction, 1)
report('2 products')

const evaluator = await createEvaluator({ loss, layout })
const lossAt = async (): Promise<number> => (await evaluator.evaluate(parameters, batches))[0]!
const move = (factor: number) =>
  space.addCombination(parameters, 1, Float64Array.of(factor), direction, 1)
const epsilon = 0.01
const losses: number[] = []
await move(-2 * epsilon)
for (let i = 0; i < 5; i += 1) {
  losses.push(await lossAt())
  await move(epsilon)
}
const [a, b, c, d, e] = losses as [number, number, number, number, number]
// Five points: errors of order ε⁴.
const firstDifference = (a - 8 * b + 8 * d - e) / (12 * epsilon)
const secondDifference = (-a + 16 * b - 30 * c + 16 * d - e) / (12 * epsilon ** 2)
report('differences')
console.log(`loss ${c}`)
console.log(`⟨g, v⟩  ${slope}, by differences ${firstDifference}`)
console.log(`⟨v, Hv⟩ ${curvature}, by differences ${secondDifference}`)
await evaluator.release()
await operator.release()
