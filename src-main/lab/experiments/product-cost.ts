import { createStream, fillNormal, monotonicMs } from '#base'
import { createHessianOperator } from '#geometry/curvature'
import { fullyConnected, initializeParameters, lossProgram, parameterInputs } from '#learn/models'
import { layoutViews } from '#tensor/dense'
import { compileProgram } from '#tensor/runtime'
import { gradient } from '#tensor/transforms'

/** What to time. */
export interface ProductCostOptions {
  /** A tanh network with biases, cross-entropy. */
  readonly widths: readonly number[]
  readonly batchSize: number
  /** Vectors a block. */
  readonly rows: number
  /** Alternating pairs. */
  readonly pairs: number
}

/** Times of alternating pairs, in milliseconds; one entry a pair. */
export interface ProductCost {
  readonly parameterCount: number
  readonly gradientMs: readonly number[]
  /** Per vector. */
  readonly productMs: readonly number[]
  readonly ratios: readonly number[]
}

/** Pairs before the clock counts. */
const warmUps = 3

const normals = (size: number, name: string): Float32Array => {
  const vector = new Float32Array(size)
  fillNormal(vector, createStream(0, 'product-cost', name))
  return vector
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = monotonicMs()
  await work()
  return monotonicMs() - started
}

/**
 * Times a Hessian-vector product in blocks against the gradient of the same loss on one random batch. The
 * two alternate, so that each pair gives a ratio of times under the same conditions.
 */
export async function timeProducts(options: ProductCostOptions): Promise<ProductCost> {
  const { widths, batchSize, rows, pairs } = options
  const model = fullyConnected({ widths, activation: 'tanh', bias: true, targets: 'classes' })
  const { layout } = model
  const loss = lossProgram({ model, loss: 'cross-entropy', batchSize })
  const parameters = initializeParameters(model, createStream(0, 'product-cost'))
  const classes = widths.at(-1)!
  const targets = Int32Array.from({ length: batchSize }, (_, i) => i % classes)
  const batch = [
    normals(batchSize * widths[0]!, 'inputs'),
    targets,
    new Float32Array(batchSize).fill(1 / batchSize),
  ]
  const slope = await compileProgram(gradient(loss, parameterInputs(model)))
  const operator = await createHessianOperator({ loss, layout, parameters, batches: [batch], rows })
  try {
    const slopes = layoutViews(layout, new Float32Array(layout.size))
    const block = normals(rows * layout.size, 'block')
    const products = new Float32Array(rows * layout.size)
    const runGradient = () => slope.run([...layoutViews(layout, parameters), ...batch], slopes)
    const runBlock = () => operator.apply(block, rows, products)
    const gradientMs: number[] = []
    const productMs: number[] = []
    for (let i = -warmUps; i < pairs; i += 1) {
      const pair = [await timed(runGradient), (await timed(runBlock)) / rows] as const
      if (i < 0) continue
      gradientMs.push(pair[0])
      productMs.push(pair[1])
    }
    return {
      parameterCount: layout.size,
      gradientMs,
      productMs,
      ratios: productMs.map((ms, i) => ms / gradientMs[i]!),
    }
  } finally {
    await slope.release()
    await operator.release()
  }
}
