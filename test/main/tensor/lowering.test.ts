import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { affine, attention, embedding, groupNorm, layerNorm, maxPool2d } from '#learn/layers'
import {
  conv2d,
  gelu,
  logSumExp,
  matmulTransposed,
  mul,
  reduceMean,
  reduceSum,
  relu,
  reshape,
  sub,
  tanh,
  traceProgram,
  type Program,
  type Tracer,
  type ValueType,
} from '#tensor/program'
import { lowerProgram } from '#tensor/runtime'
import { batch, gradient, hvp, linearize } from '#tensor/transforms'
import { float32 } from '../../support/programs.ts'

const scalar = (
  shapes: readonly (readonly number[])[],
  define: (inputs: readonly Tracer[]) => Tracer,
  last?: ValueType,
): Program => {
  const types = [...shapes.map(float32), ...(last === undefined ? [] : [last])]
  return traceProgram('scalar', types, (inputs) => {
    const y = define(inputs)
    return [reduceSum(mul(y, y))]
  })
}

const dense = traceProgram(
  'dense',
  [float32([6, 4]), float32([3, 6]), float32([5, 4]), float32([5, 3])],
  ([w, u, x, y]) => {
    const outputs = matmulTransposed(tanh(matmulTransposed(x!, w!)), u!)
    return [reduceSum(sub(logSumExp(outputs), reduceSum(mul(outputs, y!), [1])))]
  },
)
const cnn = scalar(
  [
    [4, 3, 3, 3],
    [6, 4, 3, 3],
    [2, 3, 8, 8],
  ],
  ([first, second, x]) => {
    const hidden = tanh(conv2d(x!, first!, { padding: [1, 1] }))
    const features = tanh(conv2d(hidden, second!, { stride: [2, 2], padding: [1, 1] }))
    return reduceMean(features, [2, 3])
  },
)
const residual = scalar([[4, 2, 3, 3], [4], [4], [2, 4, 6, 6]], ([w, weight, bias, x]) =>
  relu(
    groupNorm(conv2d(x!, w!, { padding: [1, 1], groups: 2 }), 2, { weight: weight!, bias: bias! }),
  ),
)
const heads = scalar(
  [
    [8, 8],
    [8, 8],
    [8, 8],
    [8, 8],
    [6, 8],
  ],
  ([q, k, v, o, x]) => {
    const map = (weight: Tracer) => ({ weight, bias: null })
    const maps = { query: map(q!), key: map(k!), value: map(v!), output: map(o!) }
    return attention(x!, maps, { batchSize: 2, heads: 2, isCausal: true })
  },
)
const feedForward = scalar([[6], [6], [4, 6], [4], [5, 6]], ([weight, bias, w, b, x]) =>
  gelu(affine(layerNorm(x!, { weight: weight!, bias: bias! }), { weight: w!, bias: b! })),
)
const tokens = scalar([[7, 3]], ([table, indices]) => embedding(table!, indices!), {
  dtype: 'int32',
  shape: [2, 4],
})
const pooled = scalar([[1, 2, 5, 5]], ([x]) =>
  reshape(maxPool2d(x!, { kernel: [3, 3], stride: [2, 2], padding: [1, 1] }), [2, 9]),
)

const programs: Record<string, Program> = {
  'dense-gradient': gradient(dense, [0, 1]),
  'dense-product': hvp(dense, [0, 1], null),
  'dense-product-8': hvp(dense, [0, 1], 8),
  'dense-tangent': linearize(hvp(dense, [0, 1], null), [4, 5]).tangent,
  'dense-population': batch(gradient(dense, [0, 1]), [true, true, false, false], 3),
  'convolution-gradient': gradient(cnn, [0, 1]),
  'convolution-product-8': hvp(cnn, [0, 1], 8),
  'grouped-gradient': gradient(residual, [0, 1, 2]),
  'grouped-product-2': hvp(residual, [0, 1, 2], 2),
  'attention-gradient': gradient(heads, [0, 1, 2, 3]),
  'attention-product-2': hvp(heads, [0, 1, 2, 3], 2),
  'feed-forward-product-2': hvp(feedForward, [0, 1, 2, 3], 2),
  'embedding-product-2': hvp(tokens, [0], 2),
  'pooling-gradient': gradient(pooled, [0]),
}

describe('the graph that is lowered', () => {
  // What moves here changes what every measurement costs: look at the difference before updating it.
  test.each(Object.entries(programs))('of %s is the one on file', async (name, program) => {
    const text = `${lowerProgram(program).describe().join('\n')}\n`
    await expect(text).toMatchFileSnapshot(join(import.meta.dirname, 'lowered', `${name}.txt`))
  })

  test('has no empty values', () => {
    const program = traceProgram('empty', [float32([0, 3])], ([x]) => [reduceSum(x!, [0])])
    expect(() => lowerProgram(program)).toThrow(
      'empty has a value f32[0, 3]; natively every extent must be 1 or more',
    )
  })

  test('shares the patches of a convolution between all that need them', () => {
    const patches = lowerProgram(programs['convolution-product-8']!)
      .describe()
      .filter((line) => line.includes('one-hot'))
    // Of the input, of the hidden value (also for its product with the kernel's tangent) and of the second cotangent.
    expect(patches).toHaveLength(3)
  })
})
