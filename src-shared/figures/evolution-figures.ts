import type { EvolutionDocument } from '../schemas/index.ts'
import { formatCount, formatNumber, formatPercent } from './format.ts'
import { axis, frameOption } from './frame.ts'
import type { Figure } from './option.ts'
import { labelStep, levelLine, snapshotLine, stepAxis } from './over-steps.ts'

/** The share of the gradient in the leading space over steps, against that of a random direction. */
export function gradientShareFigure({ rows, chance, dimension }: EvolutionDocument): Figure {
  const data = rows.flatMap(({ step, gradientShare }) =>
    gradientShare === null ? [] : [[step, gradientShare] as const],
  )
  const last = data.at(-1)
  const series = [
    snapshotLine('gradient', data),
    levelLine('random', rows, chance.gradientShare),
    levelLine('random, 95 %', rows, chance.gradientShare95),
  ]
  return {
    title: 'Gradient in the leading space',
    caption: `Share ‖Uᵀ∇L‖²/‖∇L‖² of the gradient in the span U of the ${formatCount(dimension)} leading eigenvectors; dashed: the mean of a random direction, and what 95 % of random directions stay below.`,
    warning: null,
    description:
      last === undefined
        ? 'No gradient over training.'
        : `Share of the gradient in the leading space: ${formatPercent(last[1])} at step ${formatCount(last[0])}; a random direction has ${formatPercent(chance.gradientShare)}.`,
    option: frameOption({
      xAxis: stepAxis,
      yAxis: axis('y', 'share of the gradient', { min: 0, max: 1 }),
      series,
      labelX: labelStep,
      legend: series.map(({ name }) => name),
    }),
    table: {
      columns: ['step', 'gradient_norm', 'gradient_share', 'p', 'chance', 'chance_95'],
      rows: rows.map((row) => [
        row.step,
        row.gradientNorm,
        row.gradientShare,
        row.gradientShareP,
        chance.gradientShare,
        chance.gradientShare95,
      ]),
    },
  }
}

/** The overlap of the leading spaces of successive snapshots, against that of random spaces. */
export function overlapFigure({ rows, chance, dimension }: EvolutionDocument): Figure {
  const data = rows.flatMap(({ step, overlap }) =>
    overlap === null ? [] : [[step, overlap] as const],
  )
  const last = data.at(-1)
  const series = [snapshotLine('overlap', data), levelLine('random', rows, chance.overlap)]
  const most = rows.reduce((count, { angles }) => Math.max(count, angles?.length ?? 0), 0)
  return {
    title: 'Overlap with the snapshot before',
    caption: `Mean squared cosine of the ${formatCount(dimension)} principal angles between the leading spaces of a snapshot and of the one before: 1 for equal spaces; dashed: the mean of random spaces.`,
    warning: null,
    description:
      last === undefined
        ? 'No overlap: there is one snapshot only.'
        : `Overlap with the snapshot before: ${formatNumber(last[1], 3)} at step ${formatCount(last[0])}; random spaces have ${formatNumber(chance.overlap, 2)}.`,
    option: frameOption({
      xAxis: stepAxis,
      yAxis: axis('y', 'overlap', { min: 0, max: 1 }),
      series,
      labelX: labelStep,
      legend: series.map(({ name }) => name),
    }),
    table: {
      columns: [
        'step',
        'overlap',
        'chance',
        ...Array.from({ length: most }, (_, i) => `angle_${String(i + 1)}`),
      ],
      rows: rows.map(({ step, overlap, angles }) => [
        step,
        overlap,
        chance.overlap,
        ...Array.from({ length: most }, (_, i) => angles?.[i] ?? null),
      ]),
    },
  }
}
