import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addDecayedWeights,
  averageWeights,
  chain,
  clipByGlobalNorm,
  clipByValue,
  optimizerTransform,
  scaleByAdam,
  scaleByFactors,
  scaleByLearningRate,
  scaleByRms,
  traceMomentum,
  type GradientTransform,
} from '#learn/optimizers'
import { stepProgram, Trainer } from '#learn/training'
import { traceProgram } from '#tensor/program'
import { createOnnxRuntime, interpretProgram, type Runtime } from '#tensor/runtime'
import { fixturePath } from '../../../support/fixtures.ts'
import { float32, largestError } from '../../../support/programs.ts'
import { fixtureNetwork, rosenbrock, rotatedQuadratic } from './problems.ts'

/** What a transform makes of two tensors of updates in float64, from its first state. */
function transformed(
  transform: GradientTransform,
  updates: readonly [readonly number[], readonly number[]],
  parameters: readonly [readonly number[], readonly number[]] = updates,
): number[][] {
  const types = updates.map(({ length }) => float32([length]))
  const state = transform.init(types)
  const program = traceProgram(
    'transform',
    [...types, ...types, float32([]), ...state.map(({ shape }) => float32(shape))],
    ([u, v, p, q, learningRate, ...rest]) =>
      transform.update([u!, v!], rest, {
        parameters: [p!, q!],
        learningRate: learningRate!,
      }).updates,
  )
  const given = [...updates, ...parameters, [0.5]].map((part) => Float64Array.from(part))
  const start = state.map(({ shape, initial }) =>
    new Float64Array(shape.reduce((a, b) => a * b, 1)).fill(initial),
  )
  return interpretProgram(program, [...given, ...start]).map((part) => [...part])
}

const entries = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), {
  minLength: 1,
  maxLength: 4,
})
const norm = (parts: readonly (readonly number[])[]): number => Math.hypot(...parts.flat())

describe('chain', () => {
  test('is associative', () => {
    const parts = [
      traceMomentum({ decay: 0.5, nesterov: false }),
      scaleByAdam({ beta1: 0.9, beta2: 0.99, epsilon: 1e-8 }),
      scaleByLearningRate(),
    ] as const
    const left = chain(chain(parts[0], parts[1]), parts[2])
    const right = chain(parts[0], chain(parts[1], parts[2]))
    const run = (optimizer: GradientTransform) => {
      const program = stepProgram(rosenbrock.loss, 1, optimizer)
      const inputs = program.inputs.map(({ type }, i) =>
        Float64Array.from(
          { length: type.shape.reduce((a, b) => a * b, 1) },
          (_, j) => 0.1 * (i + j + 1),
        ),
      )
      return interpretProgram(program, inputs)
    }
    expect(run(left)).toEqual(run(right))
  })

  test('is the identity when empty', () => {
    expect(transformed(chain(), [[1, 2], [3]])).toEqual([[1, 2], [3]])
  })

  test('refuses a second average', () => {
    const twice = chain(averageWeights({ decay: 0.5 }), averageWeights({ decay: 0.9 }))
    expect(() => twice.init([float32([2])])).toThrow(
      'an optimizer can keep one average of the parameters',
    )
  })
})

describe('clipByGlobalNorm', () => {
  test('shortens what is too long, keeps its direction, and leaves the rest', () => {
    fc.assert(
      fc.property(entries, entries, (u, v) => {
        const clipped = transformed(clipByGlobalNorm({ norm: 2 }), [u, v])
        const before = norm([u, v])
        expect(norm(clipped)).toBeLessThanOrEqual(2)
        const factor = Math.min(1, 2 / (before + 1e-6))
        const expected = [u, v].map((part) => part.map((x) => x * factor))
        expect(largestError(clipped.flat(), expected.flat())).toBeLessThan(1e-12)
      }),
    )
  })
})

describe('clipByValue', () => {
  test('bounds each entry', () => {
    expect(transformed(clipByValue({ limit: 2 }), [[-3, 1], [5]])).toEqual([[-2, 1], [2]])
  })
})

describe('addDecayedWeights', () => {
  test('adds the gradient of half the squared norm', () => {
    const decay = addDecayedWeights({ rate: 0.5 })
    expect(transformed(decay, [[1, 2], [3]], [[4, 6], [-8]])).toEqual([[3, 5], [-1]])
  })

  test('shrinks the parameters by 1 − ηλ where there is no gradient', () => {
    const decoupled = chain(
      scaleByAdam({ beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }),
      addDecayedWeights({ rate: 0.1 }),
      scaleByLearningRate(),
    )
    // The learning rate is ½.
    expect(transformed(decoupled, [[0, 0], [0]], [[2, 4], [6]])).toEqual(
      [[-0.1, -0.2], [-0.3]].map((part) => part.map((x) => expect.closeTo(x, 12))),
    )
  })
})

describe('scaleByFactors', () => {
  test('scales tensor by tensor', () => {
    expect(transformed(scaleByFactors([2, 0.5]), [[1, 2], [3]])).toEqual([[2, 4], [1.5]])
  })

  test('refuses a wrong number of factors', () => {
    expect(() => scaleByFactors([1]).init([float32([2]), float32([1])])).toThrow(
      'learningRateFactors must be one for each of 2 tensors, got 1',
    )
  })
})

describe('scaleByRms', () => {
  test('normalizes the first update by √(1 − decay), centered by √(decay·(1 − decay))', () => {
    const options = { decay: 0.75, epsilon: 0 }
    const [plain] = transformed(scaleByRms({ ...options, centered: false }), [[3, -4], [1]])
    const [centered] = transformed(scaleByRms({ ...options, centered: true }), [[3, -4], [1]])
    expect(plain!.map((x) => Math.abs(x * 0.5))).toEqual([1, 1])
    for (const x of centered!) expect(Math.abs(x * Math.sqrt(0.75 * 0.25))).toBeCloseTo(1, 12)
  })
})

describe('averageWeights', () => {
  const trajectories = JSON.parse(
    readFileSync(fixturePath('optimizers', 'trajectories.json'), 'utf8'),
  ) as Record<string, { average: number[]; parameters: number[] }>
  const momentum = { kind: 'momentum', momentum: 0.9, nesterov: false } as const

  test.each([true, false])('is the weighted mean of the path (as one vector: %s)', async (flat) => {
    const problem = await fixtureNetwork()
    const runtime = createOnnxRuntime({ threads: 1 })
    const trainer = await Trainer.create({
      ...problem,
      optimizer: optimizerTransform({ ...momentum, averageDecay: 0.8 }),
      runtime: flat ? runtime : { ...runtime, sharesHostMemory: false },
    })
    expect((await trainer.read()).evaluated).toEqual(problem.initialParameters)
    for (let i = 0; i < 20; i += 1) {
      await trainer.step(problem.batch, { learningRate: 0.05, isObserved: false })
    }
    const { parameters, evaluated } = await trainer.read()
    const { momentum: expected } = trajectories
    expect(largestError(evaluated, expected!.average)).toBeLessThan(1e-5)
    expect(largestError(parameters, expected!.parameters)).toBeLessThan(1e-5)
    const tensors = await Promise.all(trainer.evaluatedTensors.map((tensor) => tensor.read()))
    expect(Float32Array.from(tensors.flatMap((tensor) => [...tensor]))).toEqual(evaluated)
    await trainer.release()
  })

  test('starts with the first parameters that it sees', async () => {
    const trainer = await Trainer.create({
      ...rosenbrock,
      optimizer: optimizerTransform({ kind: 'sgd', averageDecay: 0.999 }),
    })
    await trainer.step([], { learningRate: 1e-3, isObserved: false })
    const { parameters, evaluated } = await trainer.read()
    expect(largestError(evaluated, parameters)).toBeLessThan(1e-7)
    await trainer.release()
  })
})

describe('one vector', () => {
  const tensorwise = (runtime: Runtime): Runtime => ({ ...runtime, sharesHostMemory: false })

  test.each([
    [
      'elementwise',
      optimizerTransform({
        kind: 'adamw',
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weightDecay: 0.1,
        averageDecay: 0.9,
      }),
      0,
    ],
    [
      'clipped',
      optimizerTransform({ kind: 'momentum', momentum: 0.9, nesterov: true, clipNorm: 0.5 }),
      1e-6,
    ],
  ] as const)('is updated as tensor by tensor (%s)', async (_, optimizer, tolerance) => {
    const problem = await fixtureNetwork()
    const runtime = createOnnxRuntime({ threads: 1 })
    const [flat, parts] = [
      await Trainer.create({ ...problem, optimizer, runtime }),
      await Trainer.create({ ...problem, optimizer, runtime: tensorwise(runtime) }),
    ]
    for (let i = 0; i < 10; i += 1) {
      for (const trainer of [flat, parts]) {
        await trainer.step(problem.batch, { learningRate: 0.01, isObserved: i > 5 })
      }
    }
    const [left, right] = [await flat.read(), await parts.read()]
    for (const key of ['parameters', 'state', 'evaluated'] as const) {
      expect(largestError(left[key], right[key])).toBeLessThanOrEqual(tolerance)
    }
    expect(largestError(left.previousGradient!, right.previousGradient!)).toBeLessThanOrEqual(
      tolerance,
    )
    for (const trainer of [flat, parts]) await trainer.release()
  })

  test('is used where tensor bounds make no difference only', () => {
    expect(optimizerTransform({ kind: 'sgd', clipNorm: 1 }).ignoresTensorBounds).toBe(true)
    const scaled = optimizerTransform({ kind: 'sgd' }, { learningRateFactors: [2] })
    expect(scaled.ignoresTensorBounds).toBe(false)
    const plain = optimizerTransform({ kind: 'sgd' }, { learningRateFactors: [1, 1] })
    expect(plain.ignoresTensorBounds).toBe(true)
  })
})

test('plain descent on a quadratic is (1 − ηλ)ᵗ in every direction', async () => {
  const trainer = await Trainer.create({
    ...rotatedQuadratic,
    optimizer: optimizerTransform({ kind: 'sgd' }),
  })
  const matrix = rotatedQuadratic.batch[0] as Float32Array
  let x = [...rotatedQuadratic.initialParameters]
  for (let t = 0; t < 50; t += 1) {
    x = x.map((xi, i) => xi - 0.7 * x.reduce((sum, xj, j) => sum + matrix[6 * i + j]! * xj, 0))
    await trainer.step(rotatedQuadratic.batch, { learningRate: 0.7, isObserved: false })
  }
  expect(largestError((await trainer.read()).parameters, x)).toBeLessThan(1e-5)
  await trainer.release()
})
