import { InputError } from '#base'
import { formatShape, sizeOf } from '#tensor/dense'
import type { ConvParams } from './primitives.ts'
import { formatType, isFloat, type ValueType } from './types.ts'

/** Dimensions of a value that are not spatial. */
export const namedAxes = 3

/** Extent with `dilation − 1` zeros between entries. */
export const dilatedExtent = (extent: number, dilation: number): number =>
  extent === 0 ? 0 : (extent - 1) * dilation + 1

/** The extents of a value at the given axes. */
export const extentsAt = (shape: readonly number[], axes: readonly number[]): number[] =>
  axes.map((axis) => shape[axis]!)

/** The spatial part of a list of roles. */
export const spatialOf = (roles: readonly number[]): readonly number[] => roles.slice(namedAxes)

const isPermutation = (axes: readonly number[], rank: number): boolean =>
  axes.length === rank && axes.toSorted((a, b) => a - b).every((axis, i) => axis === i)

/** Type of a convolution's result. */
export function inferConv(lhs: ValueType, rhs: ValueType, params: ConvParams): ValueType {
  const rank = lhs.shape.length
  const { lhsAxes, rhsAxes, outAxes, strides, low, high, inputDilation, kernelDilation } = params
  const wrong = (reason: string): InputError =>
    new InputError('conv', `conv of ${formatType(lhs)} and ${formatType(rhs)}: ${reason}`)
  if (lhs.dtype !== rhs.dtype || !isFloat(lhs.dtype)) throw wrong('wants two floats of one type')
  if (rhs.shape.length !== rank || rank <= namedAxes) {
    throw wrong(`wants equal ranks of ${namedAxes + 1} or more`)
  }
  for (const axes of [lhsAxes, rhsAxes, outAxes]) {
    if (!isPermutation(axes, rank)) {
      throw wrong(`axes must permute 0…${rank - 1}, got ${formatShape(axes)}`)
    }
  }
  const [group, batch, feature, ...input] = extentsAt(lhs.shape, lhsAxes)
  const [rhsGroup, out, rhsFeature, ...kernel] = extentsAt(rhs.shape, rhsAxes)
  if (group !== rhsGroup || feature !== rhsFeature) {
    throw wrong(
      `${group} groups of ${feature} features meet ${rhsGroup} groups of ${rhsFeature} features`,
    )
  }
  for (const list of [strides, low, high, inputDilation, kernelDilation]) {
    if (list.length !== input.length) throw wrong(`wants ${input.length} numbers per list`)
  }
  const isStep = (step: number): boolean => Number.isInteger(step) && step >= 1
  if (![...strides, ...inputDilation, ...kernelDilation].every(isStep)) {
    throw wrong('strides and dilations must be integers of 1 or more')
  }
  const positions = input.map((extent, i) => {
    const room = dilatedExtent(extent, inputDilation[i]!) + low[i]! + high[i]!
    const window = dilatedExtent(kernel[i]!, kernelDilation[i]!)
    if (room < window) throw wrong(`a window of ${window} does not fit into ${room}`)
    return Math.floor((room - window) / strides[i]!) + 1
  })
  const shape = new Array<number>(rank)
  ;[group!, batch!, out!, ...positions].forEach((extent, role) => {
    shape[outAxes[role]!] = extent
  })
  return { dtype: lhs.dtype, shape }
}

/** Multiply-adds of a convolution. */
export const countConv = (output: ValueType, rhs: ValueType, { rhsAxes }: ConvParams): number =>
  sizeOf(output.shape) * sizeOf(extentsAt(rhs.shape, [rhsAxes[2]!, ...spatialOf(rhsAxes)]))

/** Exchanges the second and third role. */
const exchanged = ([first, second, third, ...spatial]: readonly number[]): number[] => [
  first!,
  third!,
  second!,
  ...spatial,
]

/**
 * The convolution that gives the cotangent of lhs from that of the result and rhs reversed along its spatial
 * dimensions: strides and input dilation change places.
 */
export function transposedInLhs(
  params: ConvParams,
  lhs: readonly number[],
  rhs: readonly number[],
  out: readonly number[],
): ConvParams {
  const input = extentsAt(lhs, spatialOf(params.lhsAxes))
  const kernel = extentsAt(rhs, spatialOf(params.rhsAxes))
  const positions = extentsAt(out, spatialOf(params.outAxes))
  const window = kernel.map((extent, i) => dilatedExtent(extent, params.kernelDilation[i]!))
  const low = window.map((extent, i) => extent - 1 - params.low[i]!)
  return {
    lhsAxes: params.outAxes,
    rhsAxes: exchanged(params.rhsAxes),
    outAxes: params.lhsAxes,
    strides: params.inputDilation,
    low,
    high: window.map(
      (extent, i) =>
        dilatedExtent(input[i]!, params.inputDilation[i]!) +
        extent -
        1 -
        dilatedExtent(positions[i]!, params.strides[i]!) -
        low[i]!,
    ),
    inputDilation: params.strides,
    kernelDilation: params.kernelDilation,
  }
}

/**
 * The convolution of lhs with the cotangent of the result that gives the cotangent of rhs: batch and feature
 * change places, and so do strides and kernel dilation.
 */
export function transposedInRhs(
  params: ConvParams,
  lhs: readonly number[],
  rhs: readonly number[],
  out: readonly number[],
): ConvParams {
  const input = extentsAt(lhs, spatialOf(params.lhsAxes))
  const kernel = extentsAt(rhs, spatialOf(params.rhsAxes))
  const positions = extentsAt(out, spatialOf(params.outAxes))
  return {
    lhsAxes: exchanged(params.lhsAxes),
    rhsAxes: exchanged(params.outAxes),
    outAxes: exchanged(params.rhsAxes),
    strides: params.kernelDilation,
    low: params.low,
    high: kernel.map(
      (extent, i) =>
        dilatedExtent(positions[i]!, params.strides[i]!) -
        dilatedExtent(input[i]!, params.inputDilation[i]!) +
        dilatedExtent(extent, params.kernelDilation[i]!) -
        1 -
        params.low[i]!,
    ),
    inputDilation: params.inputDilation,
    kernelDilation: params.strides,
  }
}
