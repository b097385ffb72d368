import { describe, expect, test } from 'vitest'
import { accuracyFigure, gradientNormFigure, lossFigure, tableCsv } from '#shared/figures'
import { makeMetrics } from '../support/recorded/make-metrics.ts'

const rows = makeMetrics(0, 5)

describe('lossFigure', () => {
  test('draws both splits against the step', () => {
    const { option } = lossFigure(rows)
    expect(option.series.map(({ name }) => name)).toEqual(['training', 'validation'])
    expect(option.series[0]?.data).toEqual(rows.map((row) => [row.step, row.trainLoss]))
    expect(option.xAxis.name).toBe('step')
    expect(option.animation).toBe(false)
  })

  test('goes against epoch and time in seconds when asked', () => {
    expect(lossFigure(rows, { against: 'epoch' }).option.series[0]?.data[2]?.[0]).toBe(
      rows[2]?.epoch,
    )
    expect(lossFigure(rows, { against: 'time' }).option.series[0]?.data[2]?.[0]).toBe(
      rows[2]!.elapsedMs / 1000,
    )
  })

  test('leaves out what a logarithmic axis cannot show, but not from the data', () => {
    const zero = [{ ...rows[0]!, trainLoss: 0 }, rows[1]!]
    const figure = lossFigure(zero, { scale: 'log' })
    expect(figure.option.yAxis.type).toBe('log')
    expect(figure.option.series[0]?.data).toHaveLength(1)
    expect(figure.table.rows).toHaveLength(2)
  })

  test('shows a single row as a dot and none as an empty plot', () => {
    expect(lossFigure(rows.slice(0, 1)).option.series[0]).toMatchObject({ showSymbol: true })
    const empty = lossFigure([])
    expect(empty.option.series).toEqual([])
    expect(empty.description).toBe('Loss: nothing recorded yet.')
  })

  test('keeps the extremes of every pixel when drawn', () => {
    expect(lossFigure(rows).option.series[0]).toMatchObject({ sampling: 'minmax' })
  })
})

describe('accuracyFigure', () => {
  test('has no series for a regression', () => {
    const regression = rows.map((row) => ({
      ...row,
      trainAccuracy: null,
      validationAccuracy: null,
    }))
    expect(accuracyFigure(regression).option.series).toEqual([])
  })
})

describe('gradientNormFigure', () => {
  test('is one line without a legend', () => {
    expect(gradientNormFigure(rows).option).toMatchObject({ legend: { show: false } })
  })
})

describe('tableCsv', () => {
  test('writes every row in full precision and nothing for what is missing', () => {
    const row = { ...rows[0]!, validationLoss: null, trainLoss: 0.1 + 0.2 }
    expect(tableCsv(lossFigure([row]).table)).toBe(
      'step,epoch,elapsed_ms,train_loss,validation_loss\r\n0,0,40,0.30000000000000004,\r\n',
    )
  })

  test('quotes separators and defuses formulas', () => {
    expect(tableCsv({ columns: ['a'], rows: [['=1+1'], ['x,"y"']] })).toBe(
      'a\r\n\'=1+1\r\n"x,""y"""\r\n',
    )
  })
})
