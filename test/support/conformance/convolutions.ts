import {
  conv,
  conv2d,
  mul,
  reduceSum,
  tanh,
  traceProgram,
  type ConvParams,
  type Program,
  type Window2d,
} from '#tensor/program'
import { gradient, hvp } from '#tensor/transforms'
import { float32 } from '../programs.ts'
import { caseOf, traced, type ConformanceCase } from './case.ts'

const identity = (rank: number): number[] => Array.from({ length: rank }, (_, axis) => axis)
const repeat = (value: number, count: number): number[] => new Array<number>(count).fill(value)

/** Values in the order of the roles, stride 1, no padding, unless `changed` says otherwise. */
function direct(
  name: string,
  lhs: readonly number[],
  rhs: readonly number[],
  changed: Partial<ConvParams>,
): ConformanceCase {
  const rank = lhs.length
  const spatial = rank - 3
  const params: ConvParams = {
    lhsAxes: identity(rank),
    rhsAxes: identity(rank),
    outAxes: identity(rank),
    strides: repeat(1, spatial),
    low: repeat(0, spatial),
    high: repeat(0, spatial),
    inputDilation: repeat(1, spatial),
    kernelDilation: repeat(1, spatial),
    ...changed,
  }
  return traced(name, [float32(lhs), float32(rhs)], ([x, w]) => [conv(x!, w!, params)])
}

const directCases: readonly ConformanceCase[] = [
  direct('conv in 1 dimension', [1, 2, 3, 7], [1, 4, 3, 3], {}),
  direct('conv of 1x1', [1, 2, 3, 4, 4], [1, 4, 3, 1, 1], {}),
  direct('conv with strides', [1, 2, 2, 7, 6], [1, 3, 2, 3, 2], { strides: [2, 3] }),
  direct('conv with uneven padding', [1, 2, 2, 4, 5], [1, 3, 2, 3, 3], {
    low: [2, 0],
    high: [1, 1],
  }),
  direct('conv with cropping', [1, 2, 2, 7, 7], [1, 3, 2, 2, 2], { low: [-1, 1], high: [0, -2] }),
  direct('conv with dilated kernel', [1, 2, 2, 8, 7], [1, 3, 2, 3, 2], { kernelDilation: [2, 3] }),
  direct('conv with dilated input', [1, 2, 2, 3, 4], [1, 3, 2, 3, 3], {
    inputDilation: [2, 3],
    low: [2, 1],
    high: [1, 2],
  }),
  direct('conv in groups', [3, 2, 2, 5, 5], [3, 4, 2, 3, 3], { low: [1, 1], high: [1, 1] }),
  direct('conv with all at once', [2, 2, 2, 5, 6], [2, 3, 2, 2, 3], {
    strides: [2, 3],
    low: [1, -1],
    high: [2, 3],
    inputDilation: [2, 2],
    kernelDilation: [3, 2],
  }),
  // More taps than positions, as where the gradient of a kernel is taken.
  direct('conv with permuted roles', [3, 2, 5, 6, 2], [5, 2, 4, 3, 5], {
    lhsAxes: [4, 1, 0, 2, 3],
    rhsAxes: [1, 0, 3, 2, 4],
    outAxes: [2, 4, 0, 1, 3],
    low: [1, 0],
    high: [0, 1],
  }),
]

const scalarLoss = (options: Window2d, kernel: readonly number[]): Program =>
  traceProgram('loss', [float32([2, 4, 5, 6]), float32(kernel)], ([x, w]) => {
    const y = tanh(conv2d(x!, w!, options))
    return [reduceSum(mul(y, y))]
  })

const derivatives = (
  name: string,
  options: Window2d,
  kernel: readonly number[],
): ConformanceCase[] => {
  const loss = scalarLoss(options, kernel)
  return [
    caseOf(`gradient of conv2d ${name}`, gradient(loss, [0, 1])),
    caseOf(`products of conv2d ${name}`, hvp(loss, [0, 1], 2)),
    caseOf(`products of conv2d ${name}, kernel only`, hvp(loss, [1], 3)),
  ]
}

/** Convolutions with every parameter, and what their derivatives are made of. */
export const convolutionCases: readonly ConformanceCase[] = [
  ...directCases,
  ...derivatives('plain', {}, [3, 4, 2, 3]),
  ...derivatives('with strides and padding', { stride: [2, 3], padding: [1, 2] }, [3, 4, 3, 3]),
  ...derivatives('with dilation', { dilation: [2, 1], padding: [1, 0] }, [3, 4, 2, 2]),
  ...derivatives('in 2 groups', { groups: 2, padding: [1, 1] }, [6, 2, 3, 3]),
]
