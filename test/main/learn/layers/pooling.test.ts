import { describe, expect, test } from 'vitest'
import { averagePool2d, globalAveragePool, maxPool2d, type PoolOptions } from '#learn/layers'
import { reduceSum, traceProgram } from '#tensor/program'
import { interpretProgram } from '#tensor/runtime'
import { gradient } from '#tensor/transforms'
import { describeLayer } from '../../../support/layer-fixtures.ts'
import { float32 } from '../../../support/programs.ts'

describeLayer('average-pool', ({ input }, options) => [averagePool2d(input('x'), options)])
describeLayer('max-pool', ({ input }, options) => [maxPool2d(input('x'), options)])
describeLayer('global-average-pool', ({ input }) => [globalAveragePool(input('x'))])

describe('maxPool2d', () => {
  const slope = (height: number, width: number, options: PoolOptions, data: number[]) => {
    const program = traceProgram('pooled', [float32([1, 1, height, width])], ([x]) => [
      reduceSum(maxPool2d(x!, options)),
    ])
    return [...interpretProgram(gradient(program, [0]), [data])[0]!]
  }

  test('shares the derivative of a tie in equal parts where windows tile', () => {
    expect(slope(2, 2, { kernel: [2, 2] }, [3, 1, 3, 3])).toEqual([1 / 3, 0, 1 / 3, 1 / 3])
  })

  test('shares it pair by pair where windows overlap', () => {
    const options = { kernel: [1, 3], stride: [1, 1] } as const
    expect(slope(1, 3, options, [2, 2, 2])).toEqual([0.25, 0.25, 0.5])
  })

  test('lets padding neither win nor take a share, however low the entries', () => {
    const options = { kernel: [3, 3], stride: [2, 2], padding: [1, 1] } as const
    expect(slope(1, 1, options, [-1e30])).toEqual([1])
  })
})

describe('a pooling window', () => {
  const pooled = (shape: number[], options: PoolOptions) => () =>
    traceProgram('pooled', [float32(shape)], ([x]) => [averagePool2d(x!, options)])

  test.each([
    [
      'wider than the padded value',
      [1, 1, 2, 2],
      { kernel: [3, 1] },
      'a window of 3 does not fit in 2',
    ],
    [
      'with too much padding',
      [1, 1, 4, 4],
      { kernel: [3, 3], padding: [1, 2] },
      'padding must be in 0…1, got 2',
    ],
    [
      'without a step',
      [1, 1, 4, 4],
      { kernel: [2, 2], stride: [0, 1] },
      'kernel and stride must be 1 or more',
    ],
    ['on a value of rank 3', [1, 4, 4], { kernel: [2, 2] }, 'pooling wants rank 4, got [1, 4, 4]'],
  ] as const)('%s is refused', (_, shape, options, message) => {
    expect(pooled([...shape], options)).toThrow(message)
  })
})
