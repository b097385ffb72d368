import type { MetricRow } from '../schemas/index.ts'
import { learningFigure, type LearningCurveOptions } from './learning-curves.ts'
import type { Figure } from './option.ts'

/** The rate that the schedule gave. */
export function learningRateFigure(
  rows: readonly MetricRow[],
  options: LearningCurveOptions = {},
): Figure {
  // A constant rate would lie on the edge of a logarithmic axis.
  const isConstant = new Set(rows.map((row) => row.learningRate)).size < 2
  return learningFigure(
    rows,
    [{ name: 'learning rate', column: 'learning_rate', read: (row) => row.learningRate }],
    {
      title: 'Learning rate',
      axisName: 'learning rate',
      caption: isConstant
        ? 'Rate that the schedule gave the step.'
        : 'Rate that the schedule gave the step; a rate of 0 has no place on this axis.',
    },
    { ...options, scale: isConstant ? 'linear' : 'log' },
  )
}

/** Norm of the gradient of the last batch. */
export function gradientNormFigure(
  rows: readonly MetricRow[],
  options: LearningCurveOptions = {},
): Figure {
  return learningFigure(
    rows,
    [{ name: 'gradient norm', column: 'gradient_norm', read: (row) => row.gradientNorm }],
    {
      title: 'Gradient norm',
      axisName: '‖∇L‖',
      caption: 'Euclidean norm of the gradient of the last batch’s mean loss.',
    },
    { ...options, scale: 'log' },
  )
}

/** Length of the last step. */
export function updateNormFigure(
  rows: readonly MetricRow[],
  options: LearningCurveOptions = {},
): Figure {
  return learningFigure(
    rows,
    [{ name: 'update norm', column: 'update_norm', read: (row) => row.updateNorm }],
    {
      title: 'Update norm',
      axisName: '‖Δθ‖',
      caption: 'Euclidean length of the step that the last batch led to.',
    },
    { ...options, scale: 'log' },
  )
}

/** How far successive gradients point the same way. */
export function gradientCosineFigure(
  rows: readonly MetricRow[],
  options: LearningCurveOptions = {},
): Figure {
  return learningFigure(
    rows,
    [{ name: 'cosine', column: 'gradient_cosine', read: (row) => row.gradientCosine }],
    {
      title: 'Cosine between gradients',
      axisName: 'cos(∇Lₜ₋₁, ∇Lₜ)',
      caption: 'Cosine of the angle between the gradients of the last batch and of the one before.',
    },
    { ...options, scale: 'linear' },
    { min: -1, max: 1 },
  )
}

/** How far training has come from where it began. */
export function distanceFigure(
  rows: readonly MetricRow[],
  options: LearningCurveOptions = {},
): Figure {
  return learningFigure(
    rows,
    [{ name: 'distance', column: 'distance', read: (row) => row.distance }],
    {
      title: 'Distance from the start',
      axisName: '‖θ − θ₀‖',
      caption: 'Euclidean distance of the parameters from those that training began with.',
    },
    options,
  )
}
