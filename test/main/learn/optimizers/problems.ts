import { fullyConnected, lossProgram, type Model } from '#learn/models'
import { loadArrays } from '#learn/datasets'
import { createLayout, type Layout } from '#tensor/dense'
import {
  add,
  dot,
  integerPower,
  mul,
  reduceSum,
  slice,
  sub,
  traceProgram,
  type Program,
} from '#tensor/program'
import type { Runtime, TensorInput } from '#tensor/runtime'
import { fixturePath } from '../../../support/fixtures.ts'
import { symmetricWithSpectrum } from '../../../support/matrices.ts'
import { float32 } from '../../../support/programs.ts'

/** What a stepper is made for. */
export interface Problem {
  readonly loss: Program
  readonly layout: Layout
  readonly initialParameters: Float32Array
  /** The whole data, which is every batch. */
  readonly batch: readonly TensorInput[]
  /** Null where the loss is no network's. */
  readonly model: Model | null
}

/** What makes a stepper for a problem; the learning rate comes with each step. */
export interface StepperOptions extends Problem {
  readonly runtime: Runtime
}

const ofVector = (
  loss: Program,
  start: readonly number[],
  batch: readonly Float32Array[] = [],
): Problem => ({
  loss,
  layout: createLayout([{ name: 'x', shape: [start.length] }]),
  initialParameters: Float32Array.from(start),
  batch,
  model: null,
})

/** ½‖x‖² from (3, −2). */
export const parabola = ofVector(
  traceProgram('parabola', [float32([2])], ([x]) => [reduceSum(mul(mul(x!, x!), 0.5))]),
  [3, -2],
)

/** (1 − a)² + 100·(b − a²)² from (−1, 1). */
export const rosenbrock = ofVector(
  traceProgram('rosenbrock', [float32([2])], ([x]) => {
    const [a, b] = [slice(x!, [0], [1]), slice(x!, [1], [2])]
    const valley = integerPower(sub(b, mul(a, a)), 2)
    return [reduceSum(add(integerPower(sub(1, a), 2), mul(valley, 100)))]
  }),
  [-1, 1],
)

/** ½·⟨x, A·x⟩ with eigenvalues from 1 to 1/100 in directions that are no axes. */
export const rotatedQuadratic = ofVector(
  traceProgram('rotated quadratic', [float32([6]), float32([6, 6])], ([x, a]) => {
    const along = { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] }
    return [mul(reduceSum(mul(x!, dot(a!, x!, along))), 0.5)]
  }),
  [1, -1, 1, 1, -1, 1],
  [Float32Array.from(symmetricWithSpectrum([1, 0.4, 0.16, 0.06, 0.025, 0.01], 5))],
)

/** The network that PyTorch trained for the fixtures: 5-7-3, tanh, squared error on 25 samples. */
export async function fixtureNetwork(): Promise<Problem> {
  const model = fullyConnected({
    widths: [5, 7, 3],
    activation: 'tanh',
    bias: false,
    targets: 'values',
  })
  const weights = await loadArrays(fixturePath('networks', 'tanh-mse-no-bias.npz'))
  const data = await loadArrays(fixturePath('networks', 'tanh-mse-no-bias-data.npz'))
  const read = (arrays: typeof data, name: string): Float32Array =>
    Float32Array.from(arrays.get(name)?.data as ArrayLike<number>)
  const count = 25
  return {
    loss: lossProgram({ model, loss: 'squared-error', batchSize: count, mode: 'train' }),
    layout: model.layout,
    initialParameters: Float32Array.from(
      model.layout.entries.flatMap(({ name }) => [...read(weights, name)]),
    ),
    batch: [read(data, 'x'), read(data, 'y'), new Float32Array(count).fill(1 / count)],
    model,
  }
}
