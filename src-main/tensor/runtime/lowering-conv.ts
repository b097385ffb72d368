import { sizeOf } from '#tensor/dense'
import {
  extentsAt,
  spatialOf,
  type ConvParams,
  type Equation,
  type EquationOf,
  type Program,
  type ValueType,
  type Variable,
} from '#tensor/program'
import { contract, ordered, type Labelled } from './contraction.ts'
import { patchesNode, spread, type PatchWindow } from './conv-patches.ts'
import { requireFloat32, type OnnxGraph } from './onnx-graph.ts'

/** A factor of a convolution: written out, and what it is in the program. */
export interface ConvOperand {
  readonly name: string
  readonly variable: Variable
}

/** Patches that some product of a program needs anyway, by value and window. */
export type SharedPatches = ReadonlyMap<Variable, ReadonlySet<string>>

/** With fewer outputs a matrix product with patches is slower than the runtime's own convolution. */
const fewestRows = 48

/** How one convolution is computed. */
type Way =
  /** The runtime's own convolution. */
  | { readonly kind: 'direct' }
  /** Patches of one factor, then a matrix product with the other. */
  | {
      readonly kind: 'patches'
      readonly of: 'lhs' | 'rhs'
      readonly window: PatchWindow
      readonly tapsAre: 'kernel' | 'result'
    }

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
 * Chooses how to compute a convolution.
 *
 * A kernel larger than the result (the derivative by a kernel) is a matrix product with patches of the smaller
 * factor; so is any convolution whose patches are there already. The rest is left to the runtime's own convolution.
 */
function wayOf(equation: EquationOf<'conv'>, shared: SharedPatches | null): Way {
  const [lhs, rhs] = equation.inputs as [Variable, Variable]
  const { params } = equation
  const kernel = extentsAt(rhs.type.shape, spatialOf(params.rhsAxes))
  const input = extentsAt(lhs.type.shape, spatialOf(params.lhsAxes))
  const positions = extentsAt(equation.output.type.shape, spatialOf(params.outAxes))
  if (sizeOf(kernel) <= sizeOf(positions)) {
    const window = forwardWindow(params, kernel, positions)
    const outs = rhs.type.shape[params.rhsAxes[1]!]!
    const isThere = outs >= fewestRows && shared?.get(lhs)?.has(keyOf(window)) === true
    return isThere ? { kind: 'patches', of: 'lhs', window, tapsAre: 'kernel' } : { kind: 'direct' }
  }
  const entries = (value: Variable, spatial: number[]): number =>
    sizeOf(value.type.shape) / sizeOf(spatial)
  const costOfLhs = entries(lhs, input) * sizeOf(kernel)
  const costOfRhs = entries(rhs, kernel) * sizeOf(input)
  const canTurn = params.inputDilation.every((dilation) => dilation === 1)
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
    const way = wayOf(equation, null)
    if (way.kind === 'direct') continue
    const value = equation.inputs[way.of === 'lhs' ? 0 : 1]!
    const keys = found.get(value) ?? new Set<string>()
    found.set(value, keys.add(keyOf(way.window)))
  }
  return found
}

const spatialLabel = (i: number): string => `spatial ${i}`

/** A value with its dimensions named, spatial ones last. */
function labelled(
  graph: OnnxGraph,
  { name, variable }: ConvOperand,
  roles: readonly string[],
  axes: readonly number[],
): Labelled {
  const { shape } = variable.type
  const labels = shape.map((_, axis) => {
    const role = axes.indexOf(axis)
    return roles[role] ?? spatialLabel(role - roles.length)
  })
  const spatial = spatialOf(axes).map((_, i) => spatialLabel(i))
  const named = labels.filter((label) => !spatial.includes(label))
  return ordered(graph, { name, labels, actual: shape }, [...named, ...spatial])
}

/** Joins the spatial dimensions under one label. */
function joined(graph: OnnxGraph, value: Labelled, count: number, label: string): Labelled {
  const named = value.labels.length - count
  const actual = [...value.actual.slice(0, named), sizeOf(value.actual.slice(named))]
  return {
    name: graph.node('Reshape', [value.name, graph.integers(actual)]),
    labels: [...value.labels.slice(0, named), label],
    actual,
  }
}

/** Patches with their dimensions named: the value's, then taps, then positions. */
function patchesOf(
  graph: OnnxGraph,
  value: Labelled,
  window: PatchWindow,
  tapLabel: string,
  positionLabel: string,
): Labelled {
  const count = window.taps.length
  const named = value.actual.slice(0, -count || undefined)
  const [first = 1, ...others] = named
  const flat = [first, sizeOf(others), ...value.actual.slice(named.length)]
  const plain = graph.node('Reshape', [value.name, graph.integers(flat)])
  const raw = patchesNode(graph, plain, flat, window)
  const actual = [...named, sizeOf(window.taps), sizeOf(window.positions)]
  return {
    name: graph.node('Reshape', [raw, graph.integers(actual)]),
    labels: [...value.labels.slice(0, named.length), tapLabel, positionLabel],
    actual,
  }
}

/** Writes a convolution. */
export function lowerConv(
  graph: OnnxGraph,
  equation: EquationOf<'conv'>,
  names: readonly string[],
  shared: SharedPatches,
): { name: string; actual: readonly number[] } {
  const { params, output } = equation
  requireFloat32('conv', output.type)
  const [lhs, rhs] = equation.inputs.map((variable, i) => ({ name: names[i]!, variable })) as [
    ConvOperand,
    ConvOperand,
  ]
  const left = labelled(graph, lhs, ['group', 'batch', 'feature'], params.lhsAxes)
  const right = labelled(graph, rhs, ['group', 'out', 'feature'], params.rhsAxes)
  const way = wayOf(equation, shared)
  const result =
    way.kind === 'direct'
      ? direct(graph, left, right, params, output.type)
      : viaPatches(graph, left, right, way, params, output.type)
  const roles = [
    'group',
    'batch',
    'out',
    ...spatialOf(params.outAxes).map((_, i) => spatialLabel(i)),
  ]
  const wanted = output.type.shape.map((_, axis) => roles[params.outAxes.indexOf(axis)]!)
  return ordered(graph, result, wanted)
}

function viaPatches(
  graph: OnnxGraph,
  lhs: Labelled,
  rhs: Labelled,
  way: Extract<Way, { kind: 'patches' }>,
  params: ConvParams,
  type: ValueType,
): Labelled {
  const count = params.strides.length
  const positions = extentsAt(type.shape, spatialOf(params.outAxes))
  const [patched, plain] = way.of === 'lhs' ? [lhs, rhs] : [rhs, lhs]
  const tapLabels = way.tapsAre === 'kernel' ? ['shared', 'places'] : ['places', 'shared']
  const a = joined(graph, plain, count, 'shared')
  const b = patchesOf(graph, patched, way.window, tapLabels[0]!, tapLabels[1]!)
  const extents = new Map<string, number>()
  for (const { labels, actual } of [a, b]) {
    labels.forEach((label, i) => extents.set(label, actual[i]!))
  }
  const product = contract(graph, a, b, new Set(['group']), extents, type.dtype)
  // Apart again: the places are the result's spatial dimensions.
  const at = product.labels.indexOf('places')
  const actual = product.actual.toSpliced(at, 1, ...positions)
  const labels = product.labels.toSpliced(at, 1, ...positions.map((_, i) => spatialLabel(i)))
  const name = graph.node('Reshape', [product.name, graph.integers(actual)])
  if (way.of === 'lhs') return { name, labels, actual }
  const axes = positions.map((_, i) => at + i).filter((axis) => actual[axis]! > 1)
  return { name: reversedNode(graph, name, axes), labels, actual }
}

function reversedNode(graph: OnnxGraph, name: string, axes: readonly number[]): string {
  if (axes.length === 0) return name
  return graph.node('Slice', [
    name,
    graph.integers(axes.map(() => -1)),
    // Below any index: runs to the first entry, inclusive.
    graph.integers(axes.map(() => -(2 ** 31))),
    graph.integers(axes),
    graph.integers(axes.map(() => -1)),
  ])
}

/** The runtime's own convolution, or its transposed one where the input is dilated. */
function direct(
  graph: OnnxGraph,
  lhs: Labelled,
  rhs: Labelled,
  params: ConvParams,
  type: ValueType,
): Labelled {
  const { strides, low, high, inputDilation, kernelDilation } = params
  const spatial = strides.map((_, i) => spatialLabel(i))
  const image = ordered(graph, lhs, ['batch', 'group', 'feature', ...spatial])
  const kernel = ordered(graph, rhs, ['group', 'out', 'feature', ...spatial])
  const [batch, group, feature, ...input] = image.actual as [number, number, number, ...number[]]
  const out = kernel.actual[1]!
  const taps = kernel.actual.slice(3)
  const labels = ['batch', 'group', 'out', ...spatial]
  const positions = extentsAt(type.shape, spatialOf(params.outAxes))
  const actual = [batch, group, out, ...positions]
  const finish = (name: string): Labelled => ({
    name: graph.node('Reshape', [name, graph.integers(actual)]),
    labels,
    actual,
  })
  const shape = [batch, group * feature, ...input]
  const flat = graph.node('Reshape', [image.name, graph.integers(shape)])
  const isDilated = inputDilation.some((dilation) => dilation > 1)
  const turnedPads = [low, high].map((pads) =>
    pads.map((extent, i) => (taps[i]! - 1) * kernelDilation[i]! - extent),
  )
  // What the transposed convolution would have to be padded by is cut off (pads) or added behind (output padding).
  const [turnedLow, turnedHigh] = turnedPads as [number[], number[]]
  const canTranspose =
    strides.every((stride) => stride === 1) &&
    turnedLow.every((extent) => extent >= 0) &&
    turnedHigh.every((extent, i) => -extent < inputDilation[i]!)
  if (isDilated && canTranspose) {
    const turned = ordered(graph, kernel, ['group', 'feature', 'out', ...spatial])
    const axes = taps.flatMap((extent, i) => (extent > 1 ? [i + 3] : []))
    const weight = graph.node('Reshape', [
      reversedNode(graph, turned.name, axes),
      graph.integers([group * feature, out, ...taps]),
    ])
    return finish(
      graph.node('ConvTranspose', [flat, weight], {
        group,
        kernel_shape: taps,
        strides: inputDilation,
        dilations: kernelDilation,
        pads: [...turnedLow, ...turnedHigh.map((extent) => Math.max(0, extent))],
        output_padding: turnedHigh.map((extent) => Math.max(0, -extent)),
      }),
    )
  }
  const weight = graph.node('Reshape', [
    kernel.name,
    graph.integers([group * out, feature, ...taps]),
  ])
  const needsSpread = isDilated || [...low, ...high].some((extent) => extent < 0)
  const room = needsSpread ? spread(graph, flat, shape, inputDilation, low, high).name : flat
  return finish(
    graph.node('Conv', [room, weight], {
      group,
      kernel_shape: taps,
      strides,
      dilations: kernelDilation,
      pads: needsSpread ? spatial.flatMap(() => [0, 0]) : [...low, ...high],
    }),
  )
}
