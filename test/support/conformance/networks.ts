import { fullyConnected, lossProgram, parameterInputs } from '#learn/models'
import { optimizerTransform, type Optimizer } from '#learn/optimizers'
import { stepProgram } from '#learn/training'
import {
  add,
  conv2d,
  dot,
  gather,
  gelu,
  greater,
  iota,
  logSumExp,
  matmul,
  mul,
  reduceMean,
  reduceSum,
  reshape,
  select,
  softmax,
  standardize,
  sub,
  tanh,
  traceProgram,
  transpose,
  type Tracer,
} from '#tensor/program'
import { hvp, valueAndGradient } from '#tensor/transforms'
import { float32 } from '../programs.ts'
import { caseOf, int32, type ConformanceCase, type InputOptions } from './case.ts'

const mlp = fullyConnected({
  widths: [4, 5, 3],
  activation: 'tanh',
  bias: true,
  targets: 'classes',
})
const mlpLoss = lossProgram({
  model: mlp,
  loss: 'cross-entropy',
  batchSize: 6,
  withAccuracy: true,
})
const mlpParameters = parameterInputs(mlp)

/** Two convolutions, global average pooling, an affine layer, squared error; inputs: 4 parameters, images, targets. */
const cnnLoss = traceProgram(
  'cnn',
  [
    float32([4, 2, 3, 3]),
    float32([4, 2, 3, 3]),
    float32([4]),
    float32([4, 3]),
    float32([2, 2, 6, 6]),
    float32([2, 3]),
  ],
  ([first, second, bias, affine, images, targets]) => {
    const hidden = tanh(conv2d(images!, first!, { padding: [1, 1] }))
    const strided = conv2d(hidden, second!, { stride: [2, 2], padding: [1, 1], groups: 2 })
    const shifted = gelu(add(strided, reshape(bias!, [4, 1, 1])))
    const difference = sub(matmul(reduceMean(shifted, [2, 3]), affine!), targets!)
    return [reduceSum(mul(difference, difference))]
  },
)

/** x·w over the last dimension of x `[b, t, h]`, w `[h, k]`. */
const project = (x: Tracer, w: Tracer): Tracer =>
  dot(x, w, { lhsContract: [2], rhsContract: [0], lhsBatch: [], rhsBatch: [] })

/** `[b, t, heads·k]` as `[b, heads, t, k]`. */
const splitHeads = (x: Tracer): Tracer =>
  transpose(reshape(x, [x.shape[0]!, x.shape[1]!, 2, x.shape[2]! / 2]), [0, 2, 1, 3])

/**
 * A causal transformer block over an embedding, loss −Σ log p of the next token; inputs: embedding `[5, 4]`,
 * query, key, value `[4, 4]`, feed-forward `[4, 6]` and `[6, 4]`, output `[4, 5]`, tokens `[2, 3]`, one-hot targets.
 */
const attentionLoss = traceProgram(
  'attention',
  [
    float32([5, 4]),
    float32([4, 4]),
    float32([4, 4]),
    float32([4, 4]),
    float32([4, 6]),
    float32([6, 4]),
    float32([4, 5]),
    int32([2, 3]),
    float32([2, 3, 5]),
  ],
  ([embedding, query, key, value, up, down, output, tokens, targets]) => {
    const x = gather(embedding!, tokens!, 0)
    const normed = standardize(x, 1e-3)
    const [q, k, v] = [query!, key!, value!].map((w) => splitHeads(project(normed, w)))
    const heads = { lhsBatch: [0, 1], rhsBatch: [0, 1] }
    const scores = mul(dot(q!, k!, { ...heads, lhsContract: [3], rhsContract: [3] }), Math.SQRT1_2)
    const isLater = greater(iota(x, scores.shape, 3), iota(x, scores.shape, 2))
    const weights = softmax(select(isLater, -1e9, scores))
    const mixed = dot(weights, v!, { ...heads, lhsContract: [3], rhsContract: [2] })
    const attended = add(x, reshape(transpose(mixed, [0, 2, 1, 3]), x.shape))
    const block = add(attended, project(gelu(project(standardize(attended, 1e-3), up!)), down!))
    const logits = project(block, output!)
    const likelihood = reduceSum(mul(logits, targets!), [2])
    return [reduceSum(sub(logSumExp(logits), likelihood))]
  },
)
const cnnParameters = [0, 1, 2, 3]
const attentionParameters = [0, 1, 2, 3, 4, 5, 6]

const trainStep = (optimizer: Optimizer, options: InputOptions = {}): ConformanceCase =>
  caseOf(
    `a train step by ${optimizer.kind}`,
    stepProgram(mlpLoss, mlpParameters.length, optimizerTransform(optimizer)),
    options,
  )

/** Small networks of every kind: gradients, products in blocks, train steps. */
export const networkCases: readonly ConformanceCase[] = [
  caseOf('gradient of an MLP', valueAndGradient(mlpLoss, mlpParameters)),
  caseOf('products of an MLP', hvp(mlpLoss, mlpParameters, 3)),
  caseOf('gradient of a CNN', valueAndGradient(cnnLoss, cnnParameters)),
  caseOf('products of a CNN', hvp(cnnLoss, cnnParameters, 2)),
  caseOf('one product of a CNN', hvp(cnnLoss, cnnParameters, null)),
  caseOf('gradient of an attention block', valueAndGradient(attentionLoss, attentionParameters), {
    indexExtent: 5,
  }),
  caseOf('products of an attention block', hvp(attentionLoss, attentionParameters, 2), {
    indexExtent: 5,
  }),
  trainStep({ kind: 'momentum', momentum: 0.9, nesterov: true }),
  // The state holds running means of squares, which are never negative.
  trainStep({ kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }, { isPositive: true }),
]
