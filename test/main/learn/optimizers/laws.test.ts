import { describe } from 'vitest'
import {
  addDecayedWeights,
  chain,
  clipByValue,
  optimizerTransform,
  scaleByLearningRate,
  type GradientTransform,
  type Optimizer,
} from '#learn/optimizers'
import { Trainer } from '#learn/training'
import { describeLaws, type LawRow } from './laws.ts'

const first =
  (transform: GradientTransform): LawRow['create'] =>
  (options) =>
    Trainer.create({ ...options, optimizer: transform })
const named = (optimizer: Optimizer, learningRateFactors?: readonly number[]) =>
  first(optimizerTransform(optimizer, { learningRateFactors }))

const momentum = { kind: 'momentum', momentum: 0.9, nesterov: false } as const
const adam = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const
const adamw = { ...adam, kind: 'adamw', weightDecay: 0.1 } as const
const rmsprop = {
  kind: 'rmsprop',
  decay: 0.99,
  epsilon: 1e-8,
  centered: false,
  momentum: 0,
} as const

/** One row joins the suite. */
const table: readonly LawRow[] = [
  {
    name: 'sgd',
    create: named({ kind: 'sgd' }),
    rate: 0.1,
    hasTrajectory: true,
    parabola: [0.1, 600],
    rosenbrock: [1e-3, 20_000],
    rotatedQuadratic: [1, 1_000],
  },
  {
    name: 'sgd-l2',
    create: named({ kind: 'sgd', weightDecay: 0.1 }),
    rate: 0.1,
    hasTrajectory: true,
    parabola: [0.1, 600],
  },
  {
    name: 'sgd-clipped',
    create: named({ kind: 'sgd', weightDecay: 0.1, clipNorm: 0.5 }),
    rate: 0.1,
    hasTrajectory: true,
    parabola: [0.1, 600],
  },
  {
    name: 'sgd-clipped-by-value',
    create: first(chain(clipByValue({ limit: 0.05 }), scaleByLearningRate())),
    rate: 0.1,
    hasTrajectory: true,
    parabola: [0.1, 1_000],
  },
  {
    name: 'momentum',
    create: named(momentum),
    rate: 0.05,
    hasTrajectory: true,
    parabola: [0.02, 600],
    rosenbrock: [2e-4, 20_000],
    rotatedQuadratic: [0.5, 1_000],
  },
  {
    name: 'momentum-l2',
    create: named({ ...momentum, weightDecay: 0.05 }),
    rate: 0.05,
    hasTrajectory: true,
    parabola: [0.02, 600],
  },
  {
    name: 'nesterov',
    create: named({ ...momentum, nesterov: true }),
    rate: 0.05,
    hasTrajectory: true,
    parabola: [0.02, 600],
    rosenbrock: [2e-4, 20_000],
    rotatedQuadratic: [0.5, 1_000],
  },
  {
    name: 'nesterov-l2',
    create: named({ ...momentum, nesterov: true, weightDecay: 0.05 }),
    rate: 0.05,
    hasTrajectory: true,
    parabola: [0.02, 600],
  },
  {
    name: 'adam',
    create: named(adam),
    rate: 0.01,
    hasTrajectory: true,
    parabola: [0.05, 600],
    rosenbrock: [0.01, 20_000],
    rotatedQuadratic: [0.02, 1_000],
  },
  {
    name: 'adam-l2',
    create: named({ ...adam, weightDecay: 0.05 }),
    rate: 0.01,
    hasTrajectory: true,
    parabola: [0.05, 600],
  },
  {
    name: 'adamw',
    create: named(adamw),
    rate: 0.01,
    hasTrajectory: true,
    parabola: [0.05, 600],
    rotatedQuadratic: [0.02, 1_000],
  },
  {
    name: 'adamw-clipped',
    create: named({ ...adamw, clipNorm: 0.5 }),
    rate: 0.01,
    hasTrajectory: true,
    parabola: [0.05, 600],
  },
  {
    name: 'adamw-factors',
    create: (options) => named(adamw, options.model === null ? [1] : [0.25, 2])(options),
    rate: 0.01,
    hasTrajectory: true,
    parabola: [0.05, 600],
  },
  {
    name: 'rmsprop',
    create: named(rmsprop),
    rate: 0.01,
    hasTrajectory: true,
    parabola: [0.01, 600],
    rosenbrock: [1e-3, 20_000],
    rotatedQuadratic: [0.01, 1_000],
  },
  {
    name: 'rmsprop-momentum',
    create: named({ ...rmsprop, momentum: 0.9 }),
    rate: 0.002,
    hasTrajectory: true,
    parabola: [0.002, 1_000],
    rotatedQuadratic: [0.002, 1_000],
  },
  {
    name: 'rmsprop-centered',
    create: first(
      chain(
        addDecayedWeights({ rate: 0.05 }),
        optimizerTransform({ ...rmsprop, centered: true, momentum: 0.5 }),
      ),
    ),
    rate: 0.002,
    hasTrajectory: true,
    parabola: [0.005, 1_000],
  },
  {
    name: 'averaged momentum',
    create: named({ ...momentum, averageDecay: 0.8 }),
    rate: 0.05,
    hasTrajectory: false,
    parabola: [0.02, 600],
  },
]

describe('laws of optimizers', () => {
  for (const row of table) describeLaws(row)
})
