import { describe, expect, test } from 'vitest'
import {
  accuracyFigure,
  bitsPerByteFigure,
  distanceFigure,
  gradientCosineFigure,
  gradientNormFigure,
  learningRateFigure,
  lossFigure,
  mainTrainingFigures,
  moreTrainingFigures,
  perplexityFigure,
  updateNormFigure,
  tableCsv,
  tokenReading,
} from '#shared/figures'
import { makeMetrics, withoutObservations } from '../support/recorded/make-metrics.ts'
import { makeRun, textCard } from '../support/recorded/make-runs.ts'

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

describe('figures of steps', () => {
  test('of one quantity are one line without a legend', () => {
    const builders = [
      learningRateFigure,
      gradientNormFigure,
      updateNormFigure,
      gradientCosineFigure,
      distanceFigure,
    ]
    for (const build of builders) {
      expect(build(rows).option).toMatchObject({ legend: { show: false } })
      expect(build(rows).option.series).toHaveLength(1)
    }
  })

  test('show rates and norms on a logarithmic axis whatever is chosen, and cosines in −1…1', () => {
    const linear = { scale: 'linear' } as const
    expect(learningRateFigure(rows, linear).option.yAxis.type).toBe('log')
    expect(gradientNormFigure(rows, linear).option.yAxis.type).toBe('log')
    expect(updateNormFigure(rows, linear).option.yAxis.type).toBe('log')
    expect(gradientCosineFigure(rows, { scale: 'log' }).option.yAxis).toMatchObject({
      type: 'value',
      min: -1,
      max: 1,
    })
  })

  test('begin with the second row where a row knows of no gradient before its own', () => {
    const { option, table } = gradientCosineFigure(rows)
    expect(option.series[0]?.data).toEqual(
      rows.slice(1).map((row) => [row.step, row.gradientCosine]),
    )
    expect(table.columns.at(-1)).toBe('gradient_cosine')
    expect(table.rows[0]?.at(-1)).toBeNull()
  })
})

describe('figures of tokens', () => {
  const { detail } = makeRun({ id: 'a' })
  const text = { ...detail, dataCard: textCard }

  test('are for the cross-entropy of tokens given tokens alone', () => {
    expect(tokenReading(text)).toEqual({ bytesPerToken: 4.37 })
    expect(tokenReading({ ...detail, dataCard: null })).toBeNull()
    expect(tokenReading(detail)).toBeNull()
    expect(tokenReading({ ...text, dataCard: { ...textCard, outputCount: 2 } })).toBeNull()
    const { spec } = detail
    const squared = { ...spec, train: { ...spec.train, loss: 'squared-error' as const } }
    expect(tokenReading({ ...text, spec: squared })).toBeNull()
  })

  test('give a uniform guess its vocabulary as perplexity and its bits a byte', () => {
    const uniform = [{ ...rows[0]!, trainLoss: Math.log(256), validationLoss: null }]
    const perplexity = perplexityFigure(uniform).option.series
    expect(perplexity).toHaveLength(1)
    expect(perplexity[0]?.data[0]?.[1]).toBeCloseTo(256, 9)
    // 8 bits a token of 4 bytes.
    expect(bitsPerByteFigure(uniform, 4).option.series[0]?.data[0]?.[1]).toBeCloseTo(2, 12)
  })
})

describe('the figures of a training', () => {
  const titles = (tokens: { bytesPerToken: number | null } | null, from = rows) =>
    moreTrainingFigures(from, tokens).figures.map(({ title }) => title)
  const steps = [
    'Learning rate',
    'Gradient norm',
    'Update norm',
    'Cosine between gradients',
    'Distance from the start',
  ]

  test('are its loss and accuracy first', () => {
    expect(mainTrainingFigures(rows).map(({ title }) => title)).toEqual(['Loss', 'Accuracy'])
    expect(mainTrainingFigures([])).toEqual([])
  })

  test('tell perplexity of tokens, and bits a byte where the length of tokens is known', () => {
    expect(titles(null)).toEqual(steps)
    expect(titles({ bytesPerToken: null })).toEqual(['Perplexity', ...steps])
    expect(titles({ bytesPerToken: 4 })).toEqual(['Perplexity', 'Bits per byte', ...steps])
  })

  test('name what a run of an earlier version did not record', () => {
    const { figures, unrecorded } = moreTrainingFigures(withoutObservations(rows), null)
    expect(figures.map(({ title }) => title)).toEqual(['Gradient norm'])
    expect(unrecorded).toEqual([
      'learning rate',
      'update norm',
      'cosine between gradients',
      'distance from the start',
    ])
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
