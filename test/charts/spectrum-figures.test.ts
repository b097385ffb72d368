import { describe, expect, test } from 'vitest'
import {
  densitySteps,
  matrixFigures,
  spectralDensityFigure,
  spectrumFigure,
  tableCsv,
  type DensityAxis,
  type Figure,
} from '#shared/figures'
import type { DenseDocument, DensityDocument, MeasurementDocument } from '#shared/schemas'
import { figureSvg } from '../../src-renderer/charts/create-chart.ts'
import { makeDensity } from '../support/recorded/make-measurements.ts'
import {
  dimension,
  makeDense,
  makeEigenpairsAt,
  makeEvolution,
  makeFullDensity,
  makeTraceAt,
  snapshotSteps,
} from '../support/recorded/make-spectrum.ts'

const density = makeFullDensity()
const axes: readonly DensityAxis[] = ['linear', 'log', 'asinh']

type Point = readonly (number | null)[]
const seriesOf = ({ option }: Figure, name: string, type: 'line' | 'custom' = 'line') =>
  option.series.filter((series) => series.name === name && series.type === type)
const dataOf = (figure: Figure, name: string): readonly Point[] =>
  seriesOf(figure, name).flatMap(({ data }) => data)
const column = ({ table }: Figure, name: string) =>
  table.rows.map((row) => row[table.columns.indexOf(name)])
const figureOf = (documents: readonly MeasurementDocument[], title: RegExp, scale?: 'log') =>
  matrixFigures(documents, scale === undefined ? {} : { scale }).find((figure) =>
    title.test(figure.title),
  )!

function area(data: readonly Point[]): number {
  return data.slice(1).reduce((sum, [x, y], i) => {
    const [x0, y0] = data[i]!
    return sum + ((x! - x0!) * (y! + y0!)) / 2
  }, 0)
}

describe('spectralDensityFigure', () => {
  test.each(axes)('counts eigenvalues found first: it integrates to 1 on the %s axis', (axis) => {
    // None at zero, which a logarithmic axis has no place for.
    const shifted = {
      ...density,
      nodes: density.nodes.map((row) => row.map((node) => node + 0.5)),
    }
    const { option } = spectralDensityFigure(axis === 'linear' ? density : shifted, { axis })
    const lines = option.series.filter(({ type }) => type === 'line')
    expect(lines.reduce((sum, { data }) => sum + area(data), 0)).toBeCloseTo(1, 2)
  })

  test('marks each of them by a stroke, longer than those of extreme eigenvalues', () => {
    const figure = spectralDensityFigure(density, { eigenpairs: makeEigenpairsAt(920) })
    expect(seriesOf(figure, 'found first', 'custom')[0]?.data).toHaveLength(9)
    const svg = figureSvg(figure.option)
    const strokes = [...svg.matchAll(/<path d="M\S+ (\S+)L\S+ (\S+)"[^>]*stroke-width="1.5"/g)]
    const lengths = strokes.map(([, foot, top]) => Math.round(Number(foot) - Number(top)))
    expect(lengths.filter((length) => length === 24)).toHaveLength(9)
    expect(lengths.filter((length) => length === 12)).toHaveLength(7)
  })

  test('names the level of its band, or what it is where there was none', () => {
    expect(spectralDensityFigure(density).caption).toContain(
      'the band holds the density under this kernel at each point with a probability of 95 %, over probes and for want of steps',
    )
    expect(spectralDensityFigure(makeDensity()).caption).toContain(
      'the band is the mean ± 2 standard errors over probes',
    )
  })

  test('has a second, lighter band over data on the axis of λ itself, with its numbers', () => {
    const linear = spectralDensityFigure(density)
    expect(seriesOf(linear, 'density', 'custom')).toHaveLength(2)
    expect(column(linear, 'upper_with_data')).toEqual(density.resampling!.upper)
    expect(linear.caption).toContain('from 8 groups of samples left out in turn')
    const svg = figureSvg(linear.option)
    expect(svg.match(/fill-opacity="0.22"/g)).toHaveLength(1)
    expect(svg.match(/fill-opacity="0.1"/g)).toHaveLength(1)
    const asinh = spectralDensityFigure(density, { axis: 'asinh' })
    expect(seriesOf(asinh, 'density', 'custom')).toHaveLength(1)
    expect(asinh.table.columns).not.toContain('upper_with_data')
    expect(asinh.caption).toContain('the band over data is drawn on the linear axis only')
  })

  test.each(axes)('draws the exact spectrum under the same kernel on the %s axis', (axis) => {
    const figure = spectralDensityFigure(density, { axis, exact: makeDense() })
    const exact = dataOf(figure, 'exact')
    const estimated = figure.option.series.filter(
      ({ type, name }) => type === 'line' && name !== 'exact',
    )
    expect(exact.map(([x]) => x)).toEqual(estimated.flatMap(({ data }) => data.map(([x]) => x)))
    expect(column(figure, 'exact')).toEqual(exact.map(([, y]) => y))
    expect(figure.caption).toContain('the dashed line is the exact spectrum under the same kernel')
  })

  test('compares with it by a closed form: one eigenvalue is one Gaussian', () => {
    const one: DensityDocument = {
      ...makeDensity(),
      nodes: [[1], [1]],
      weights: [[1], [1]],
      kernel: { form: 'gaussian', standardDeviation: 0.1 },
      grid: [0.8, 0.9, 1, 1.1, 1.2],
    }
    const exact: DenseDocument = { ...makeDense(), eigenvalues: [1.25] }
    const figure = spectralDensityFigure(one, { exact })
    const gaussian = (x: number) =>
      Math.exp(-0.5 * ((x - 1.25) / 0.1) ** 2) / (0.1 * Math.sqrt(2 * Math.PI))
    dataOf(figure, 'exact').forEach(([x, y]) => expect(y).toBeCloseTo(gaussian(x!), 12))
    expect(figure.caption).toContain('at a Wasserstein-1 distance of 0.25 from the estimate')
  })

  test('warns of a density that contradicts its checks', () => {
    const broken: DensityDocument = {
      ...density,
      status: 'inconsistent',
      selfCheck: { ...density.selfCheck!, passes: false },
    }
    expect(spectralDensityFigure(broken).warning).toBe(
      'Inconsistent. The moment self-check does not hold: do not use this density.',
    )
    expect(spectralDensityFigure(density).warning).toBeNull()
  })
})

describe('spectrumFigure', () => {
  test('is of the last step, or of the one asked for, with what else is known there', () => {
    const documents = [
      ...snapshotSteps.map((step) => makeFullDensity(step)),
      makeEigenpairsAt(30),
      makeDense(),
    ]
    expect(densitySteps(documents)).toEqual(snapshotSteps)
    const last = spectrumFigure(documents)!
    expect(last.caption).toContain('at step 920')
    expect(last.option.series.map(({ name }) => name)).toContain('exact')
    const at30 = spectrumFigure(documents, { step: 30 })!
    expect(at30.caption).toContain('at step 30')
    const names = at30.option.series.map(({ name }) => name)
    expect(names).toContain('extreme eigenvalues')
    expect(names).not.toContain('exact')
  })

  test.each(axes)('is exact where there is no estimate, on the %s axis', (axis) => {
    const figure = spectrumFigure([makeDense()], { axis })!
    expect(figure.title).toBe('Spectral density of the Hessian, exact')
    const lines = figure.option.series.map(({ data }) => area(data))
    const shown = axis === 'log' ? (dimension - 50) / dimension : 1
    expect(lines.reduce((sum, part) => sum + part, 0)).toBeCloseTo(shown, 2)
  })

  test('is none where neither is known', () => {
    expect(spectrumFigure([makeEigenpairsAt(920)])).toBeNull()
  })
})

describe('matrixFigures', () => {
  test('of one measurement at the end are none', () => {
    expect(matrixFigures([makeEigenpairsAt(920), makeTraceAt(920), density])).toEqual([])
  })

  test('show the density over training, a column a snapshot, denser where eigenvalues are', () => {
    const documents = [0, 100].map((step) => makeFullDensity(step))
    const figure = figureOf(documents, /density of the Hessian over training/)
    expect(figure.table.columns).toEqual(['step', 'lambda', 'density'])
    expect(figure.table.rows).toHaveLength(2 * 120)
    const massAbove = (step: number, least: number): number =>
      figure.table.rows
        .filter(([at, lambda]) => at === step && Number(lambda) > least)
        .reduce((sum, [, , value]) => sum + Number(value), 0)
    // The largest eigenvalue is 0.25 at the beginning and 2.5 later.
    expect(massAbove(0, 1)).toBeLessThan(1e-6)
    expect(massAbove(100, 1)).toBeGreaterThan(1e-3)
    const svg = figureSvg(figure.option)
    expect(svg).toContain('>100<')
    expect(svg.match(/fill-opacity/g)!.length).toBeGreaterThan(20)
    const doubtful = documents.map((document) => ({ ...document, status: 'inconsistent' as const }))
    expect(figureOf(doubtful, /density/).warning).toBe(
      'Not to be taken as they are: step 0, step 100.',
    )
  })

  test('show eigenvalues over steps, the doubtful marked', () => {
    const figure = figureOf([makeEvolution()], /Extreme eigenvalues/)
    expect(seriesOf(figure, 'largest')).toHaveLength(5)
    expect(seriesOf(figure, 'largest')[0]?.data.map(([step]) => step)).toEqual(snapshotSteps)
    expect(dataOf(figure, 'doubtful').map(([step]) => step)).toEqual([30, 30, 30, 30, 30, 30])
    expect(figure.caption).toContain('diamonds must not be taken as they are')
    expect(tableCsv(figure.table).split('\r\n')[0]).toBe(
      'step,status,lambda_top_1,lambda_top_2,lambda_top_3,lambda_top_4,lambda_top_5,lambda_bottom_1',
    )
    const log = figureOf([makeEvolution()], /Extreme eigenvalues/, 'log')
    expect(log.option.yAxis.type).toBe('log')
    expect(seriesOf(log, 'smallest')).toHaveLength(0)
    expect(log.caption).toContain('Values that are not positive have no place on this axis.')
  })

  test('name each line in the tooltip, though lines of a kind share a color', () => {
    const { option } = figureOf([makeEvolution()], /Extreme eigenvalues/)
    const { formatter } = option.tooltip as { formatter: (points: object[]) => string }
    const point = (seriesIndex: number, seriesName: string, y: number) => ({
      ...{ seriesType: 'line', seriesIndex, seriesName, value: [100, y] },
    })
    expect(
      formatter([point(1, 'largest', 2), point(5, 'smallest', -0.1), point(6, 'doubtful', 2)]),
    ).toBe('step 100\nλ₂  2\nλ₋₁  −0.1\ndoubtful  2')
  })

  test('show the same of eigenpairs measured at snapshots', () => {
    const documents = snapshotSteps.map((step) => makeEigenpairsAt(step))
    const figure = figureOf(documents, /Extreme eigenvalues/)
    expect(seriesOf(figure, 'smallest')).toHaveLength(2)
    expect(seriesOf(figure, 'doubtful')).toHaveLength(0)
  })

  test('show the gradient and the overlap against what chance gives', () => {
    const share = figureOf([makeEvolution()], /Gradient/)
    expect(dataOf(share, 'random')).toEqual([
      [0, 5 / dimension],
      [920, 5 / dimension],
    ])
    expect(dataOf(share, 'gradient')).toHaveLength(6)
    expect(column(share, 'p').slice(0, 2)).toEqual([1e-9, 1e-200])
    const overlap = figureOf([makeEvolution()], /Overlap/)
    expect(dataOf(overlap, 'overlap').map(([step]) => step)).toEqual(snapshotSteps.slice(1))
    expect(overlap.table.columns.slice(3)).toEqual([1, 2, 3, 4, 5].map((k) => `angle_${String(k)}`))
    expect(column(overlap, 'angle_1')[0]).toBeNull()
  })

  test('show a number over steps with its standard error', () => {
    const documents = snapshotSteps.map((step) => makeTraceAt(step))
    const figure = figureOf(documents, /^tr H of the Hessian over training/)
    expect(dataOf(figure, 'tr H')).toHaveLength(6)
    expect(dataOf(figure, 'doubtful').map(([step]) => step)).toEqual([30])
    expect(seriesOf(figure, 'tr H', 'custom')[0]?.data[0]).toEqual([
      0,
      expect.closeTo(12.71, 1),
      expect.closeTo(13.51, 1),
    ])
    expect(figure.table.columns).toEqual(['step', 'status', 'value', 'standard_error'])
  })

  test('show all eigenvalues in order; by size among those of the same sign on a logarithmic scale', () => {
    const { eigenvalues } = makeDense()
    const figure = figureOf([makeDense()], /in order/)
    expect(column(figure, 'lambda')).toEqual(eigenvalues.toReversed())
    const log = figureOf([makeDense()], /in order/, 'log')
    expect(dataOf(log, 'λ > 0')).toHaveLength(dimension - 110)
    expect(dataOf(log, 'λ < 0')).toHaveLength(60)
    expect(log.caption).toContain('50 of size below')
  })

  test('survive one snapshot, no gradient and a spectrum that is all zero', () => {
    const evolution = makeEvolution()
    const one = {
      ...evolution,
      rows: evolution.rows.slice(0, 1).map((row) => ({ ...row, gradientShare: null })),
    }
    const zero = { ...makeDense(), eigenvalues: [0, 0, 0] }
    const empty = { ...evolution, rows: [] }
    for (const document of [one, zero, empty]) {
      for (const scale of ['linear', 'log'] as const) {
        for (const { option, description } of matrixFigures([document], { scale })) {
          expect(() => figureSvg(option)).not.toThrow()
          expect(description).not.toContain('NaN')
        }
      }
    }
    const svg = figureSvg(spectrumFigure([zero])!.option)
    expect(svg).not.toContain('NaN')
  })
})
