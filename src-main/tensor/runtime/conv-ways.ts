import { sizeOf } from '#tensor/dense'
import {
  extentsAt,
  spatialOf,
  type ConvParams,
  type Equation,
  type EquationOf,
  type Program,
  type Variable,
} from '#tensor/program'
import type { BlockedConvolutions } from './conv-blocked.ts'
import type { PatchWindow } from './conv-patches.ts'

/** Patches that some product of a program needs anyway, by value and window. */
export type SharedPatches = ReadonlyMap<Variable, ReadonlySet<string>>

/** With fewer outputs a matrix product with patches is slower than the runtime's own convolution, if that is not blocked. */
const fewestRows = 48

/** Patches along one dimension of each factor pay if they are this much smaller than those along both of one. */
const splitGain = 0.8

/** How one convolution is computed. */
export type Way =
  /** The runtime's own convolution, with its channels in blocks or not. */
  | { readonly kind: 'direct'; readonly isBlocked: boolean }
  /** Patches of one factor, then a matrix product with the other. */
  | {
      readonly kind: 'patches'
      readonly of: 'lhs' | 'rhs'
      readonly window: PatchWindow
      readonly tapsAre: 'kernel' | 'result'
    }
  /** Patches along columns of lhs and along rows of rhs, then a matrix product of the two. */
  | { readonly kind: 'split'; readonly rows: PatchWindow; readonly columns: PatchWindow }

const ones = (count: number): number[] => new Array<number>(count).fill(1)
const keyOf = (window: PatchWindow): string => JSON.stringify(window)

/** Window of the patches of lhs with the kernel's entries as taps. */
const forwardWindow = (params: ConvParams, kernel: number[], positions: number[]): PatchWindow => ({
  taps: kernel,
  tapDilation: params.kernelDilation,
  positions,
  positionStep: params.strides,
  low: params.low,
  inputDilation: params.inputDilation,
})

/** The same patches with the result's entries as taps: fewer where the kernel is the larger of the two. */
const kernelWindow = (params: ConvParams, kernel: number[], positions: number[]): PatchWindow => ({
  taps: positions,
  tapDilation: params.strides,
  positions: kernel,
  positionStep: params.kernelDilation,
  low: params.low,
  inputDilation: params.inputDilation,
})

/** Patches of rhs whose positions are lhs's entries and whose taps are the result's, in reverse. */
const reversedWindow = (params: ConvParams, input: number[], positions: number[]): PatchWindow => ({
  taps: positions,
  tapDilation: params.strides,
  positions: input,
  positionStep: ones(input.length),
  low: positions.map((extent, i) => (extent - 1) * params.strides[i]! - params.low[i]!),
  inputDilation: params.kernelDilation,
})

/**
 * Windows along columns of lhs and, in reverse, along rows of rhs, whose positions are the rows of lhs that any tap
 * sees and the columns of rhs.
 */
function splitWindows(
  params: ConvParams,
  kernel: number[],
  positions: number[],
): { readonly rows: PatchWindow; readonly columns: PatchWindow } {
  const [tapRows, tapColumns] = positions as [number, number]
  const [rows, columns] = kernel as [number, number]
  const [rowStep, columnStep] = params.strides as [number, number]
  const reach = (tapRows - 1) * rowStep
  const places = [rows + reach, columns]
  return {
    rows: {
      taps: [tapRows, 1],
      tapDilation: [rowStep, 1],
      positions: places,
      positionStep: [1, 1],
      low: [reach, 0],
      inputDilation: [1, 1],
    },
    columns: {
      taps: [1, tapColumns],
      tapDilation: [1, columnStep],
      positions: places,
      positionStep: [1, params.kernelDilation[1]!],
      low: params.low,
      inputDilation: [1, 1],
    },
  }
}

/**
 * Chooses how to compute a convolution.
 *
 * A kernel larger than the result (the derivative by a kernel) is a matrix product with patches of the smaller
 * factor, or, where the two are alike, of patches along one dimension of each: k + k copies instead of k². The rest is
 * left to the runtime's own convolution, in blocks where that fits; where it does not, patches that are there
 * already are used.
 */
export function wayOf(
  equation: EquationOf<'conv'>,
  shared: SharedPatches | null,
  blocked: BlockedConvolutions | null,
): Way {
  const [lhs, rhs] = equation.inputs as [Variable, Variable]
  const { params } = equation
  const kernel = extentsAt(rhs.type.shape, spatialOf(params.rhsAxes))
  const input = extentsAt(lhs.type.shape, spatialOf(params.lhsAxes))
  const positions = extentsAt(equation.output.type.shape, spatialOf(params.outAxes))
  if (sizeOf(kernel) <= sizeOf(positions)) {
    if (blocked?.fits(equation) === true) return { kind: 'direct', isBlocked: true }
    const window = forwardWindow(params, kernel, positions)
    const outs = rhs.type.shape[params.rhsAxes[1]!]!
    const isThere = outs >= fewestRows && shared?.get(lhs)?.has(keyOf(window)) === true
    // The runtime convolves in float32 only.
    const isWide = lhs.type.dtype === 'float64'
    return isThere || isWide
      ? { kind: 'patches', of: 'lhs', window, tapsAre: 'kernel' }
      : { kind: 'direct', isBlocked: false }
  }
  const entries = (value: Variable, spatial: number[]): number =>
    sizeOf(value.type.shape) / sizeOf(spatial)
  const costOfLhs = entries(lhs, input) * sizeOf(kernel)
  const costOfRhs = entries(rhs, kernel) * sizeOf(input)
  const canTurn = params.inputDilation.every((dilation) => dilation === 1)
  if (canTurn && positions.length === 2 && params.kernelDilation[0] === 1) {
    const split = splitWindows(params, kernel, positions)
    const cost = (value: Variable, spatial: number[], window: PatchWindow): number =>
      entries(value, spatial) * sizeOf(window.taps) * sizeOf(window.positions)
    const total = cost(lhs, input, split.columns) + cost(rhs, kernel, split.rows)
    const least = Math.min(costOfLhs, costOfRhs) * sizeOf(positions)
    if (total < splitGain * least) return { kind: 'split', ...split }
  }
  return canTurn && costOfRhs < costOfLhs
    ? {
        kind: 'patches',
        of: 'rhs',
        window: reversedWindow(params, input, positions),
        tapsAre: 'result',
      }
    : {
        kind: 'patches',
        of: 'lhs',
        window: kernelWindow(params, kernel, positions),
        tapsAre: 'result',
      }
}

const isConv = (equation: Equation): equation is EquationOf<'conv'> => equation.primitive === 'conv'

/** Finds the patches that kernel derivatives of a program need. */
export function findSharedPatches(program: Program): SharedPatches {
  const found = new Map<Variable, Set<string>>()
  for (const equation of program.equations.filter(isConv)) {
    const way = wayOf(equation, null, null)
    if (way.kind !== 'patches') continue
    const value = equation.inputs[way.of === 'lhs' ? 0 : 1]!
    const keys = found.get(value) ?? new Set<string>()
    found.set(value, keys.add(keyOf(way.window)))
  }
  return found
}
