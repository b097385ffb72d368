import type { DenseDocument } from '../schemas/index.ts'
import { signNames } from './density-curves.ts'
import { formatCount, formatNumber, formatPowerOfTen } from './format.ts'
import { axis, frameOption, lineSeries } from './frame.ts'
import { matrixPhrase } from './measured-matrix.ts'
import type { Figure } from './option.ts'

/** Decades below the largest |λ| that a logarithmic axis shows. */
const decades = 10

/** All eigenvalues in order; on a logarithmic scale |λ| by rank among those of the same sign. */
export function rankFigure(
  document: DenseDocument,
  { scale = 'linear' }: { readonly scale?: 'linear' | 'log' } = {},
): Figure {
  const descending = document.eigenvalues.toReversed()
  const count = descending.length
  const largest = descending.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const floor = 10 ** Math.floor(Math.log10(largest > 0 ? largest : 1) - decades)
  const ranked = (sizes: readonly number[]) =>
    sizes.flatMap((size, i) => (size >= floor ? [[i + 1, size] as const] : []))
  const lines =
    scale === 'linear'
      ? [{ name: 'eigenvalue', data: descending.map((value, i) => [i + 1, value] as const) }]
      : [
          { name: signNames.positive, data: ranked(descending.filter((value) => value > 0)) },
          {
            name: signNames.negative,
            data: ranked(document.eigenvalues.filter((value) => value < 0).map(Math.abs)),
          },
        ].filter(({ data }) => data.length > 0)
  const shown = lines.reduce((sum, { data }) => sum + data.length, 0)
  const hidden =
    shown < count
      ? ` ${formatCount(count - shown)} of size below ${formatNumber(floor, 1)} are not shown.`
      : ''
  return {
    title: `Eigenvalues of the ${matrixPhrase(document)} in order`,
    caption:
      (scale === 'linear'
        ? `All ${formatCount(count)} eigenvalues at step ${formatCount(document.step)}, the largest first.`
        : `Size of all ${formatCount(count)} eigenvalues at step ${formatCount(document.step)} by rank among those of the same sign.`) +
      hidden,
    warning: null,
    description: `${formatCount(count)} eigenvalues in order, from ${formatNumber(descending[0] ?? 0)} down to ${formatNumber(descending.at(-1) ?? 0)}.`,
    option: frameOption({
      xAxis: axis('x', 'rank', { min: 0, max: 'dataMax' }),
      yAxis:
        scale === 'linear'
          ? axis('y', 'eigenvalue λ')
          : axis('y', 'size |λ|', {
              type: 'log',
              axisLabel: {
                formatter: (value: number) => formatPowerOfTen(Math.round(Math.log10(value))),
              },
            }),
      series: lines.map(({ name, data }) => lineSeries(name, data)),
      labelX: (x) => `rank ${formatCount(x)}`,
      legend: lines.length > 1 ? lines.map(({ name }) => name) : [],
    }),
    table: {
      columns: ['rank', 'lambda'],
      rows: descending.map((value, i) => [i + 1, value]),
    },
  }
}
