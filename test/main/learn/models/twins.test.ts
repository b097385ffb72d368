import { describe, expect, test } from 'vitest'
import { buildModel, lossProgram, outputProgram, parameterInputs } from '#learn/models'
import { compileProgram, interpretProgram } from '#tensor/runtime'
import { hvp, valueAndGradient } from '#tensor/transforms'
import {
  filledBatch,
  filledParameters,
  filledStatistics,
  filledTangents,
  summaryError,
  twinCases,
  viewsOf,
  type TwinCase,
} from './twin-cases.ts'

/** Programs and inputs of a case in a mode. */
function prepare(fixture: TwinCase, mode: 'train' | 'evaluate') {
  const { architecture, task, loss, batchSize } = fixture
  const model = buildModel(architecture, task)
  const program = lossProgram({ model, loss, batchSize, mode })
  const wrt = parameterInputs(model)
  const network = [
    ...viewsOf(model.layout, filledParameters(model)),
    ...viewsOf(model.buffers, filledStatistics(model)),
  ]
  return {
    model,
    program,
    network,
    inputs: [...network, ...filledBatch(fixture)],
    tangents: filledTangents(model.layout),
    slopes: valueAndGradient(program, wrt),
    products: hvp(program, wrt, null),
    outputs: outputProgram(model, batchSize),
  }
}

describe.each(['mlp', 'cnn', 'resnet', 'transformer'] as const)('%s', (kind) => {
  describe.each(twinCases(kind))('$name', (fixture) => {
    const modes =
      fixture.train === undefined ? (['evaluate'] as const) : (['evaluate', 'train'] as const)

    test('has the names, shapes and order of its PyTorch twin', () => {
      const { layout, buffers, aliases } = buildModel(fixture.architecture, fixture.task)
      const listed = layout.entries.map(({ name, shape }) => [name, shape])
      expect(listed).toEqual(fixture.parameters)
      const shapeOf = (of: string): readonly number[] =>
        layout.entries.find(({ name }) => name === of)!.shape
      const all = [
        ...listed,
        ...buffers.entries.map(({ name, shape }) => [name, shape]),
        ...aliases.map(({ name, of }) => [name, shapeOf(of)]),
      ]
      const kept = fixture.stateDict.filter(([name]) => !name.endsWith('num_batches_tracked'))
      expect(new Set(all.map((entry) => JSON.stringify(entry)))).toEqual(
        new Set(kept.map((entry) => JSON.stringify(entry))),
      )
      expect(all.length).toBe(kept.length)
    })

    test.each(modes)(
      'has its loss, gradient and Hessian product in float64 to 1e-10: %s',
      (mode) => {
        const { program, inputs, tangents, slopes, products } = prepare(fixture, mode)
        const want = fixture[mode]!
        const [value, ...rest] = interpretProgram(slopes, inputs)
        expect(Math.abs(value![0]! / want.loss - 1)).toBeLessThan(1e-10)
        // What else the loss program gives stands before the gradient.
        const gradient = rest.slice(program.outputs.length - 1)
        expect(summaryError(gradient, want.gradient)).toBeLessThan(1e-10)
        const product = interpretProgram(products, [...inputs, ...tangents])
        expect(summaryError(product, want.product)).toBeLessThan(1e-10)
      },
    )

    test.each(modes)('has its loss and gradient natively to 1e-5: %s', async (mode) => {
      const { program, inputs, slopes } = prepare(fixture, mode)
      const want = fixture[mode]!
      const executable = await compileProgram(slopes)
      const [value, ...rest] = await executable.run(inputs)
      await executable.release()
      expect(Math.abs(value![0]! / want.loss - 1)).toBeLessThan(1e-5)
      const gradient = rest.slice(program.outputs.length - 1)
      expect(summaryError(gradient, want.gradient)).toBeLessThan(1e-5)
    })

    test('has its outputs in float64 to 1e-10', () => {
      const { outputs, network, inputs } = prepare(fixture, 'evaluate')
      const features = inputs[network.length]!
      const got = interpretProgram(outputs, [...network, features])
      expect(summaryError(got, fixture.evaluate.outputs)).toBeLessThan(1e-10)
    })
  })
})

const moving = (['cnn', 'resnet'] as const).flatMap((kind) =>
  twinCases(kind).filter(({ statistics }) => statistics !== undefined),
)

test.each(moving)(
  'running statistics of the network $name are PyTorch’s after one, two and three passes to 1e-12',
  (fixture) => {
    const { model, program, network } = prepare(fixture, 'train')
    const parameters = network.slice(0, model.layout.entries.length)
    let statistics: ArrayLike<number>[] = network.slice(model.layout.entries.length)
    fixture.statistics!.forEach((expected, pass) => {
      const results = interpretProgram(program, [
        ...parameters,
        ...statistics.map((values) => Float64Array.from(values)),
        ...filledBatch(fixture, pass),
      ])
      statistics = results.slice(1)
      statistics.forEach((values, i) =>
        expected[i]!.forEach((wanted, channel) =>
          expect(Math.abs(values[channel]! - wanted)).toBeLessThan(1e-12 * (1 + wanted)),
        ),
      )
    })
  },
)
