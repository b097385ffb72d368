import { describe, expect, it } from 'vitest'
import { float64Space, type LinearOperator } from '#geometry/operators'
import { judgeEigenpairs, missedValues } from '../../../../../src-main/lab/bench/cases/judge.ts'

const spectrum = [4, 4, 3, 2, 1]
const size = spectrum.length

/** diag(spectrum). */
const operator: LinearOperator = {
  size,
  space: float64Space(size),
  preferredRows: 1,
  apply: (input, rows, output) => {
    for (let at = 0; at < rows * size; at += 1) output[at] = spectrum[at % size]! * input[at]!
    return Promise.resolve()
  },
}

const rows = (...vectors: readonly (readonly number[])[]): Float64Array =>
  Float64Array.from(vectors.flat())
const unit = (i: number): number[] => spectrum.map((_, j) => (i === j ? 1 : 0))

const judged = { reference: [4, 4, 3], tolerance: 1e-3 }

describe('judgeEigenpairs', () => {
  it('finds true pairs right, whatever their vectors’ lengths and the basis of an eigenspace', async () => {
    const vectors = rows([3, 3, 0, 0, 0], [0.1, -0.1, 0, 0, 0], unit(2))
    const verdict = await judgeEigenpairs(operator, { values: [4, 4, 3], vectors }, judged)
    expect(verdict.isRight).toBe(true)
    expect(verdict.misses).toEqual([])
    expect(Math.max(...verdict.residuals)).toBeLessThan(1e-15)
    expect(verdict.overlap).toBeLessThan(1e-15)
  })

  it('measures residuals as shares of the largest eigenvalue', async () => {
    // ‖(A − 3)·(0, 0, cos, sin, 0)‖ = sin, as 2 − 3 = −1.
    const sine = 0.02
    const vectors = rows(unit(0), unit(1), [0, 0, Math.sqrt(1 - sine ** 2), sine, 0])
    const verdict = await judgeEigenpairs(operator, { values: [4, 4, 3], vectors }, judged)
    expect(verdict.residuals[2]).toBeCloseTo(sine / 4, 12)
    expect(verdict.misses).toEqual([])
    expect(verdict.isRight).toBe(false)
  })

  it('does not take one vector for two of a double eigenvalue', async () => {
    const vectors = rows(unit(0), unit(0), unit(2))
    const verdict = await judgeEigenpairs(operator, { values: [4, 4, 3], vectors }, judged)
    expect(verdict.overlap).toBe(1)
    expect(verdict.isRight).toBe(false)
  })

  it('misses the second of a double eigenvalue that others were reported in place of', async () => {
    const vectors = rows(unit(0), unit(2), unit(3))
    const verdict = await judgeEigenpairs(operator, { values: [4, 3, 2], vectors }, judged)
    expect(Math.max(...verdict.residuals)).toBe(0)
    expect(verdict.misses).toEqual([4])
    expect(verdict.isRight).toBe(false)
  })
})

describe('missedValues', () => {
  it('lets each value stand for one true value, in any order', () => {
    expect(missedValues([1, 3, 2], [3, 2, 1], 0.1)).toEqual([])
    expect(missedValues([2, 2, 2], [2.05, 2, 1.95], 0.1)).toEqual([])
    expect(missedValues([2], [2.05, 2, 1.95], 0.1)).toEqual([2, 1.95])
  })

  it('passes over values that stand for none', () => {
    expect(missedValues([9, 3, 2.5, 1], [3, 1], 0.1)).toEqual([])
    expect(missedValues([], [1], 0.1)).toEqual([1])
  })
})
