import { describe, expect, it } from 'vitest'
import { ratioSpread, spreadOf } from '../../../../src-main/lab/bench/statistics.ts'

describe('spreadOf', () => {
  it('gives median and quartiles in any order of samples', () => {
    expect(spreadOf([5, 1, 4, 2, 3])).toEqual({ median: 3, lower: 2, upper: 4 })
  })

  it('is linear between neighbours', () => {
    expect(spreadOf([1, 2, 3, 4])).toEqual({ median: 2.5, lower: 1.75, upper: 3.25 })
  })

  it('of one sample is that sample', () => {
    expect(spreadOf([7])).toEqual({ median: 7, lower: 7, upper: 7 })
  })
})

describe('ratioSpread', () => {
  it('takes ratios in pairs, so that what slows both sides cancels', () => {
    expect(ratioSpread([1, 10, 3], [2, 20, 6])).toEqual({ median: 0.5, lower: 0.5, upper: 0.5 })
  })
})
