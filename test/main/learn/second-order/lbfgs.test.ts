import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fullyConnected, lossProgram, type Loss } from '#learn/models'
import { LbfgsStepper, type LbfgsOptions, type LbfgsSettings } from '#learn/training'
import type { TensorData } from '#tensor/dense'
import { fixturePath } from '../../../support/fixtures.ts'
import { quadraticProblem, rosenbrock } from './problems.ts'

interface Golden {
  readonly loss: Loss
  readonly widths: number[]
  readonly activation: 'tanh' | 'softplus'
  readonly historySize: number
  readonly features: number[]
  readonly labels: number[]
  readonly initial: number[]
  readonly losses: number[]
  readonly final: number[]
}

const { cases } = JSON.parse(readFileSync(fixturePath('second-order', 'lbfgs.json'), 'utf8')) as {
  cases: Golden[]
}

const norm = (x: Float32Array): number => Math.hypot(...x)
const plain = { learningRate: 1, isObserved: false }

function smallNetwork({
  loss,
  widths,
  activation,
  features,
  labels,
  initial,
}: Golden): Pick<LbfgsOptions, 'loss' | 'initialParameters'> & { readonly batch: TensorData[] } {
  const model = fullyConnected({ widths, activation, bias: true, targets: 'classes' })
  const batchSize = labels.length
  return {
    loss: {
      program: lossProgram({ model, loss, batchSize, mode: 'train' }),
      layout: model.layout,
      buffers: model.buffers,
    },
    initialParameters: Float32Array.from(initial),
    batch: [
      Float32Array.from(features),
      Int32Array.from(labels),
      new Float32Array(batchSize).fill(1 / batchSize),
    ],
  }
}

describe('LbfgsStepper', () => {
  describe.each(cases)('on a network with $loss and history $historySize', (golden) => {
    it('follows torch.optim.LBFGS', async () => {
      const { batch, ...network } = smallNetwork(golden)
      const stepper = await LbfgsStepper.create({
        ...network,
        settings: { historySize: golden.historySize, isFullBatch: true },
      })
      const losses: number[] = []
      for (let step = 0; step <= golden.losses.length; step += 1) {
        losses.push((await stepper.step(batch, plain)).loss)
      }
      // Rounding grows from step to step; ten of them stay within 10⁻³.
      const compared = golden.losses.slice(0, 10)
      compared.forEach((expected, i) => {
        expect(Math.abs(losses[i + 1]! - expected)).toBeLessThan(1e-3 * expected)
      })
      await stepper.release()
    })
  })

  it.each([1, 2, 5, 8])(
    'ends on %d-dimensional quadratics after d exact line searches',
    async (d) => {
      const eigenvalues = Array.from({ length: d }, (_, i) => 1 + 3 * i)
      const { hessian, start, ...loss } = quadraticProblem(eigenvalues, 3)
      const stepper = await LbfgsStepper.create({
        loss,
        initialParameters: start,
        settings: { historySize: d, isFullBatch: true, curvature: 1e-5, decrease: 1e-6 },
      })
      for (let step = 0; step < d; step += 1) await stepper.step([hessian], plain)
      const { parameters } = await stepper.read()
      expect(norm(parameters) / norm(start)).toBeLessThan(2e-5)
      await stepper.release()
    },
  )

  it('comes to the bottom of the valley of Rosenbrock', async () => {
    const stepper = await LbfgsStepper.create({
      loss: rosenbrock,
      initialParameters: Float32Array.of(-1.2, 1),
      settings: { isFullBatch: true },
    })
    let evaluations = 0
    for (let step = 0; step < 45; step += 1) {
      evaluations += (await stepper.step([], plain)).evaluations
    }
    const { parameters } = await stepper.read()
    expect(parameters[0]).toBeCloseTo(1, 3)
    expect(parameters[1]).toBeCloseTo(1, 3)
    expect(evaluations).toBeLessThan(110)
    await stepper.release()
  })

  it('says that the gradient is zero and stays', async () => {
    const stepper = await LbfgsStepper.create({
      loss: rosenbrock,
      initialParameters: Float32Array.of(1, 1),
    })
    const result = await stepper.step([], plain)
    expect(result).toMatchObject({ status: 'stationary', evaluations: 1, stepLength: 0 })
    expect([...(await stepper.read()).parameters]).toEqual([1, 1])
    await stepper.release()
  })

  it.each<LbfgsSettings>([
    { isFullBatch: true },
    { isFullBatch: false, pairs: 'damp' },
    { isFullBatch: false, lineSearch: 'none', pairs: 'damp' },
  ])('goes on bit-equal from saved vectors with %o', async (settings) => {
    const { batch, ...network } = smallNetwork(cases[1]!)
    const create = (): Promise<LbfgsStepper> =>
      LbfgsStepper.create({ ...network, settings: { historySize: 3, ...settings } })
    const observed = { learningRate: 0.5, isObserved: true }
    const first = await create()
    for (let step = 0; step < 5; step += 1) await first.step(batch, observed)
    const saved = structuredClone(await first.read())
    const second = await create()
    await second.restore(saved)
    for (let step = 0; step < 4; step += 1) {
      expect(await second.step(batch, observed)).toEqual(await first.step(batch, observed))
    }
    expect(await second.read()).toEqual(await first.read())
    await first.release()
    await second.release()
  })

  it('observes without changing the way', async () => {
    const { batch, ...network } = smallNetwork(cases[0]!)
    const [seen, unseen] = await Promise.all([
      LbfgsStepper.create(network),
      LbfgsStepper.create(network),
    ])
    const points = [network.initialParameters]
    const gradients: number[] = []
    for (let step = 0; step < 4; step += 1) {
      const { observation, gradientNorm } = await seen.step(batch, { ...plain, isObserved: true })
      await unseen.step(batch, plain)
      const { parameters, previousGradient } = await seen.read()
      points.push(parameters.slice())
      gradients.push(gradientNorm)
      expect(norm(previousGradient!)).toBeCloseTo(gradientNorm, 5)
      const moved = parameters.map((x, i) => x - points[step]![i]!)
      const away = parameters.map((x, i) => x - points[0]![i]!)
      expect(observation!.updateNorm).toBeCloseTo(norm(moved), 5)
      expect(observation!.distance).toBeCloseTo(norm(away), 5)
      if (step === 0) expect(observation!.gradientCosine).toBeNull()
      else expect(Math.abs(observation!.gradientCosine!)).toBeLessThanOrEqual(1)
    }
    expect((await seen.read()).parameters).toEqual((await unseen.read()).parameters)
    expect((await unseen.read()).previousGradient).toBeNull()
    await seen.release()
    await unseen.release()
  })

  it.each(['skip', 'damp'] as const)(
    'finds the common minimum of batches in turn where pairs are %s',
    async (pairs) => {
      const spectrum = [0.05, 0.2, 0.5, 1, 2, 4]
      const { hessian, start, ...loss } = quadraticProblem(spectrum, 1)
      const hessians = [hessian, ...[2, 3].map((seed) => quadraticProblem(spectrum, seed).hessian)]
      const stepper = await LbfgsStepper.create({
        loss,
        initialParameters: start,
        settings: { pairs, lineSearch: 'none', historySize: 4 },
      })
      for (let step = 0; step < 150; step += 1) {
        await stepper.step([hessians[step % 3]!], { ...plain, learningRate: 0.3 })
      }
      expect(norm((await stepper.read()).parameters)).toBeLessThan(1e-3 * norm(start))
      await stepper.release()
    },
  )

  it('refuses settings outside their ranges', async () => {
    const create = (settings: LbfgsSettings): Promise<LbfgsStepper> =>
      LbfgsStepper.create({
        loss: rosenbrock,
        initialParameters: new Float32Array(2),
        settings,
      })
    await expect(create({ historySize: 0 })).rejects.toThrow('historySize must be in 1…1000, got 0')
    await expect(create({ curvature: 1 })).rejects.toThrow(
      'curvature must be in 0…1, both excluded, got 1',
    )
    await expect(create({ decrease: 0.9 })).rejects.toThrow(
      'decrease must be in 0…0.9, both excluded, got 0.9',
    )
  })
})
