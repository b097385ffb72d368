import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { freshStopState, type Stepper } from '#learn/training'
import { createOnnxRuntime } from '#tensor/runtime'
import {
  formatCheckpoint,
  parseCheckpoint,
} from '../../../../src-main/lab/experiments/checkpoint-codec.ts'
import { fixturePath } from '../../../support/fixtures.ts'
import { largestError } from '../../../support/programs.ts'
import {
  fixtureNetwork,
  parabola,
  rosenbrock,
  rotatedQuadratic,
  type Problem,
  type StepperOptions,
} from './problems.ts'

/** One optimizer in the table; what it can't be tried on is left out. */
export interface LawRow {
  readonly name: string
  create(options: StepperOptions): Promise<Stepper>
  /** Learning rate on the network of the fixtures. */
  readonly rate: number
  /** Whether `optimizers/trajectories.json` has its steps on that network, under its name. */
  readonly hasTrajectory: boolean
  /** Learning rate and steps to a minimum. */
  readonly parabola?: readonly [rate: number, steps: number]
  readonly rosenbrock?: readonly [rate: number, steps: number]
  readonly rotatedQuadratic?: readonly [rate: number, steps: number]
}

interface Trajectory {
  readonly losses: readonly number[]
  readonly parameters: readonly number[]
}

const trajectories = JSON.parse(
  readFileSync(fixturePath('optimizers', 'trajectories.json'), 'utf8'),
) as Readonly<Record<string, Trajectory>>

const valleys: readonly ['parabola' | 'rosenbrock' | 'rotatedQuadratic', Problem, number][] = [
  ['parabola', parabola, 0],
  ['rosenbrock', rosenbrock, 1],
  ['rotatedQuadratic', rotatedQuadratic, 0],
]

/** Takes steps of one rate on a problem's batch, every `observedEvery`-th of them observed. */
async function takeSteps(
  stepper: Stepper,
  { batch }: Problem,
  learningRate: number,
  count: number,
  observedEvery = Infinity,
): Promise<number[]> {
  const losses: number[] = []
  for (let i = 1; i <= count; i += 1) {
    const isObserved = i % observedEvery === 0
    const { loss } = await stepper.step(batch, { learningRate, isObserved })
    losses.push(loss)
  }
  return losses
}

/** Tries an optimizer by the laws that every one of them obeys. */
export function describeLaws(row: LawRow): void {
  const oneThread = () => createOnnxRuntime({ threads: 1 })
  const onNetwork = async (runtime = oneThread()) => {
    const problem = await fixtureNetwork()
    return { problem, stepper: await row.create({ ...problem, runtime }) }
  }

  describe(row.name, () => {
    if (row.hasTrajectory) {
      test('follows PyTorch for 20 steps', async () => {
        const { problem, stepper } = await onNetwork()
        const expected = trajectories[row.name]!
        const losses = await takeSteps(stepper, problem, row.rate, 20)
        losses.forEach((loss, i) =>
          expect(Math.abs(loss / expected.losses[i]! - 1)).toBeLessThan(1e-5),
        )
        const { parameters } = await stepper.read()
        expect(largestError(parameters, expected.parameters)).toBeLessThan(2e-5)
        await stepper.release()
      })
    }

    for (const [name, problem, at] of valleys) {
      const [rate, steps] = row[name] ?? [0, 0]
      if (steps === 0) continue
      test(`reaches the minimum of ${name}`, async () => {
        const stepper = await row.create({ ...problem, runtime: oneThread() })
        await takeSteps(stepper, problem, rate, steps)
        for (const x of (await stepper.read()).parameters) {
          expect(Math.abs(x - at)).toBeLessThan(0.02)
        }
        await stepper.release()
      })
    }

    test('goes on bit-equal from a checkpoint, in what it reports too', async () => {
      const { problem, stepper: whole } = await onNetwork()
      const { stepper: first } = await onNetwork()
      const { stepper: second } = await onNetwork()
      const observed = { learningRate: row.rate, isObserved: true }
      for (const stepper of [whole, first]) {
        await takeSteps(stepper, problem, row.rate, 7)
        await stepper.step(problem.batch, observed)
      }
      const state = { ...(await first.read()), step: 8, elapsedMs: 1, end: null }
      const bytes = formatCheckpoint(problem.model!, { ...state, stop: freshStopState })
      await second.restore(parseCheckpoint(problem.model!, bytes))
      const next = await whole.step(problem.batch, observed)
      expect(next.observation).not.toBeNull()
      expect(await second.step(problem.batch, observed)).toEqual(next)
      for (const stepper of [whole, second]) await takeSteps(stepper, problem, row.rate, 7)
      expect(await second.read()).toEqual(await whole.read())
      for (const stepper of [whole, first, second]) await stepper.release()
    })

    test('takes the same steps when they are observed', async () => {
      const { problem, stepper: plain } = await onNetwork()
      const { stepper: watched } = await onNetwork()
      const losses = await takeSteps(plain, problem, row.rate, 10)
      expect(await takeSteps(watched, problem, row.rate, 10, 3)).toEqual(losses)
      const [left, right] = [await plain.read(), await watched.read()]
      expect(right.parameters).toEqual(left.parameters)
      expect(right.state).toEqual(left.state)
      for (const stepper of [plain, watched]) await stepper.release()
    })

    test('compiles once', async () => {
      const runtime = oneThread()
      const { problem, stepper } = await onNetwork(runtime)
      await takeSteps(stepper, problem, row.rate, 3, 2)
      const { sessionsCreated } = runtime.statistics()
      await takeSteps(stepper, problem, row.rate / 2, 7, 2)
      expect(runtime.statistics().sessionsCreated).toBe(sessionsCreated)
      await stepper.release()
    })

    test('stays as it was where the loss is not a finite number', async () => {
      const { problem, stepper } = await onNetwork()
      await takeSteps(stepper, problem, row.rate, 2, 2)
      const { parameters, state, previousGradient } = await stepper.read()
      const before = [parameters.slice(), state.slice(), previousGradient?.slice() ?? null]
      const [features, ...rest] = problem.batch as readonly Float32Array[]
      const broken = [features!.map((x, i) => (i === 3 ? NaN : x)), ...rest]
      for (const isObserved of [false, true]) {
        await expect(stepper.step(broken, { learningRate: row.rate, isObserved })).rejects.toThrow(
          'not a finite number in the training loss',
        )
        const after = await stepper.read()
        expect([after.parameters, after.state, after.previousGradient]).toEqual(before)
      }
      await stepper.release()
    })
  })
}
