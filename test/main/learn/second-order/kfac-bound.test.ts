import { expect, test } from 'vitest'
import { buildModel } from '#learn/models'
import { KfacStepper } from '#learn/training'
import { kfacProblem } from './kfac-problems.ts'

const classifier = buildModel(
  { kind: 'mlp', hidden: [8], activation: 'tanh', bias: true, residual: false },
  {
    features: { kind: 'values', shape: [5] },
    targets: { kind: 'classes', count: 4, perSample: 1 },
  },
)

test.each([1, 2, 3, 4])(
  'a step of K-FAC predicts no loss below 0 from a start that is surely wrong, seed %i',
  async (seed) => {
    const problem = kfacProblem(classifier, 'cross-entropy', 12, seed)
    // Outputs this far apart leave a Hessian of almost nothing, and with it a model without a near minimum.
    const initialParameters = problem.initialParameters.map((x) => 30 * x)
    const stepper = await KfacStepper.create({
      ...problem,
      initialParameters,
      settings: { damping: 1e-4, adaptEvery: 0 },
      seed,
    })
    const { loss, predictedChange } = await stepper.step(problem.batch, {
      learningRate: 1,
      isObserved: false,
    })
    await stepper.release()
    expect(loss).toBeGreaterThan(3)
    expect(predictedChange! / loss).toBeGreaterThan(-1 - 1e-4)
  },
)
