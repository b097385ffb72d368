import { describe } from 'vitest'
import { tappedLoss } from '#learn/models'
import {
  KfacStepper,
  LbfgsStepper,
  type KfacSettings,
  type LbfgsSettings,
  type Stepper,
} from '#learn/training'
import { createLayout } from '#tensor/dense'
import { describeLaws, type LawRow } from '../optimizers/laws.ts'
import type { StepperOptions } from '../optimizers/problems.ts'

const lbfgs =
  (settings: LbfgsSettings): LawRow['create'] =>
  ({ loss, layout, initialParameters, runtime }: StepperOptions): Promise<Stepper> =>
    LbfgsStepper.create({
      loss: { program: loss, layout, buffers: createLayout([]) },
      initialParameters,
      settings,
      runtime,
    })

const kfac =
  (settings: KfacSettings): LawRow['create'] =>
  ({ model, initialParameters, batch, runtime }: StepperOptions): Promise<Stepper> =>
    KfacStepper.create({
      // Rows of K-FAC are tried on networks alone.
      loss: tappedLoss({
        model: model!,
        loss: 'squared-error',
        batchSize: (batch[2] as Float32Array).length,
      }),
      initialParameters,
      settings,
      seed: 1,
      runtime,
    })

const table: readonly LawRow[] = [
  {
    name: 'lbfgs',
    create: lbfgs({}),
    rate: 1,
    hasTrajectory: false,
    parabola: [1, 5],
    rosenbrock: [1, 60],
    rotatedQuadratic: [1, 30],
  },
  {
    name: 'lbfgs with damped pairs',
    create: lbfgs({ pairs: 'damp', historySize: 3 }),
    rate: 1,
    hasTrajectory: false,
    parabola: [1, 5],
    rosenbrock: [1, 80],
    rotatedQuadratic: [1, 40],
  },
  {
    name: 'lbfgs without a line search',
    create: lbfgs({ lineSearch: 'none' }),
    rate: 0.3,
    hasTrajectory: false,
    parabola: [0.5, 60],
    rotatedQuadratic: [0.3, 100],
  },
  {
    name: 'lbfgs on overlaps',
    create: lbfgs({ overlap: 0.4 }),
    rate: 1,
    hasTrajectory: false,
  },
  {
    name: 'lbfgs on overlaps with damped pairs and without a line search',
    create: lbfgs({ overlap: 0.25, lineSearch: 'none', pairs: 'damp' }),
    rate: 0.3,
    hasTrajectory: false,
  },
  { name: 'kfac', create: kfac({ inversesEvery: 4 }), rate: 1, hasTrajectory: false },
  {
    name: 'kfac with exact factors and a clipped divergence',
    create: kfac({ fisher: 'exact', rescaling: 'clip', factorsEvery: 3 }),
    rate: 0.1,
    hasTrajectory: false,
  },
]

describe('laws of second-order optimizers', () => {
  for (const row of table) describeLaws(row)
})
