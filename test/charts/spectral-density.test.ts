import { describe, expect, test } from 'vitest'
import type { DensityDocument } from '#shared/schemas'
import { spectralDensityFigure, type DensityAxis } from '#shared/figures'
import { figureSvg } from '../../src-renderer/charts/create-chart.ts'
import { makeDensity, makeEigenpairs } from '../support/recorded/make-measurements.ts'

const document = makeDensity()
const eigenpairs = makeEigenpairs()
const lines = (axis: DensityAxis, from: DensityDocument = document) =>
  spectralDensityFigure(from, { axis }).option.series.filter(({ type }) => type === 'line')

function area(data: readonly (readonly (number | null)[])[]): number {
  return data.slice(1).reduce((sum, [x, y], i) => {
    const [x0, y0] = data[i]!
    return sum + ((x! - x0!) * (y! + y0!)) / 2
  }, 0)
}

describe('spectralDensityFigure', () => {
  test('shows the stored grid as it is on the linear axis', () => {
    expect(lines('linear')[0]?.data).toEqual(document.grid.map((x, i) => [x, document.density[i]]))
  })

  test.each(['linear', 'log', 'asinh'] as const)('integrates to 1 on the %s axis', (axis) => {
    const total = lines(axis).reduce((sum, { data }) => sum + area(data), 0)
    expect(total).toBeCloseTo(1, 3)
  })

  test('parts the signs on the logarithmic axis', () => {
    expect(lines('log').map(({ name }) => name)).toEqual(['λ > 0', 'λ < 0'])
    const positive = { ...document, nodes: document.nodes.map((row) => row.map(Math.abs)) }
    expect(lines('log', positive).map(({ name }) => name)).toEqual(['λ > 0'])
  })

  test('says which share of the weight a logarithmic axis cannot show', () => {
    const half = { ...document, nodes: [[0, 1]], weights: [[0.5, 0.5]] }
    expect(spectralDensityFigure(half, { axis: 'log' }).caption).toContain(
      '50.0 % of the weight lies at |λ| below 10⁻⁹ and is not shown',
    )
  })

  test('survives a spectrum that is all zero', () => {
    const zero = { ...document, nodes: [[0], [0]], weights: [[1], [1]] }
    for (const axis of ['linear', 'log', 'asinh'] as const) {
      const { option } = spectralDensityFigure(zero, { axis })
      expect(option.series.flatMap(({ data }) => data.flat()).every(Number.isFinite)).toBe(true)
    }
  })

  test('states kernel, probes and band in one sentence', () => {
    const { caption } = spectralDensityFigure(document, { eigenpairs })
    expect(caption).toBe(
      'Density of the 3,466 eigenvalues of the Hessian at step 920 by stochastic Lanczos quadrature (10 probes, 40 steps each), smoothed by a Gaussian kernel of standard deviation 0.054 in λ; the band is the mean ± 2 standard errors over probes; strokes at the foot mark the extreme eigenvalues.',
    )
  })

  test('marks every extreme eigenvalue that the axis has a place for', () => {
    const rug = (axis: DensityAxis) =>
      spectralDensityFigure(document, { axis, eigenpairs })
        .option.series.filter(({ data }) => data[0]?.length === 1)
        .flatMap(({ data }) => data)
    expect(rug('linear')).toHaveLength(13)
    expect(rug('log')).toHaveLength(13)
    expect(rug('asinh')).toHaveLength(13)
  })

  test('marks no value that did not converge', () => {
    const half = {
      ...eigenpairs,
      top: eigenpairs.top.map((pair, i) => (i < 5 ? pair : { ...pair, residual: 1 })),
    }
    const { caption, option } = spectralDensityFigure(document, { eigenpairs: half })
    const strokes = option.series.filter(({ data }) => data[0]?.length === 1)
    expect(strokes.flatMap(({ data }) => data)).toHaveLength(5 + 3)
    expect(caption).toContain('mark the extreme eigenvalues that converged.')
  })

  test('lifts nothing to below the floor of a logarithmic density', () => {
    const { option } = spectralDensityFigure(document, { scale: 'log' })
    const floor = option.yAxis.min as number
    expect(floor).toBe(1e-6)
    const drawn = option.series.filter(({ type }) => type === 'line').flatMap(({ data }) => data)
    expect(drawn.every(([, y]) => y! >= floor)).toBe(true)
  })

  test('labels the asinh axis by powers of ten on both sides of 0', () => {
    const { axisLabel } = spectralDensityFigure(document, { axis: 'asinh' }).option.xAxis as {
      axisLabel?: { customValues: number[]; formatter: (x: number) => string }
    }
    expect(axisLabel?.customValues.map((x) => axisLabel.formatter(x))).toEqual([
      '−10⁻¹',
      '−10⁻²',
      '−10⁻³',
      '0',
      '10⁻³',
      '10⁻²',
      '10⁻¹',
      '1',
      '10',
    ])
  })

  test('draws its band, its line and thirteen strokes', () => {
    const svg = figureSvg(spectralDensityFigure(document, { axis: 'asinh', eigenpairs }).option)
    expect(svg).toContain('eigenvalue λ (asinh axis')
    expect(svg).toContain('density per unit of asinh(λ/s)')
    expect(svg.match(/stroke="#d55e00"[^>]*stroke-width="1.5"/g)).toHaveLength(13)
    expect(svg.match(/fill-opacity="0.22"/g)).toHaveLength(1)
  })
})
