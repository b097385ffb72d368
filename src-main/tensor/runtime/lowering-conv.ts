import { sizeOf, type Dtype } from '#tensor/dense'
import {
  extentsAt,
  spatialOf,
  type ConvParams,
  type EquationOf,
  type ValueType,
  type Variable,
} from '#tensor/program'
import { contract, ordered, type Labelled } from './contraction.ts'
import { patchesNode, spread, type PatchWindow } from './conv-patches.ts'
import { convAttributes, type BlockedConvolutions, type PlainConv } from './conv-blocked.ts'
import { wayOf, type Way } from './conv-ways.ts'
import type { LoweringContext } from './lowering-rule.ts'
import type { OnnxGraph } from './onnx-graph.ts'

/** A factor of a convolution: written out, and what it is in the program. */
export interface ConvOperand {
  readonly name: string
  readonly variable: Variable
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
  dtype: Dtype,
  tapLabel: string,
  positionLabel: string,
): Labelled {
  const count = window.taps.length
  const named = value.actual.slice(0, -count || undefined)
  const [first = 1, ...others] = named
  const flat = [first, sizeOf(others), ...value.actual.slice(named.length)]
  const plain = graph.node('Reshape', [value.name, graph.integers(flat)])
  const raw = patchesNode(graph, plain, flat, window, dtype)
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
  { sharedPatches, blocked }: Pick<LoweringContext, 'sharedPatches' | 'blocked'>,
): { name: string; actual: readonly number[] } {
  const { params, output } = equation
  const [lhs, rhs] = equation.inputs.map((variable, i) => ({ name: names[i]!, variable })) as [
    ConvOperand,
    ConvOperand,
  ]
  const left = labelled(graph, lhs, ['group', 'batch', 'feature'], params.lhsAxes)
  const right = labelled(graph, rhs, ['group', 'out', 'feature'], params.rhsAxes)
  const way = wayOf(equation, sharedPatches, blocked)
  const result = ((): Labelled => {
    switch (way.kind) {
      case 'direct':
        return direct(graph, left, right, equation, way.isBlocked ? blocked : null)
      case 'patches':
        return viaPatches(graph, left, right, way, params, output.type)
      case 'split':
        return viaSplitPatches(graph, left, right, way, output.type)
    }
  })()
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
  const b = patchesOf(graph, patched, way.window, type.dtype, tapLabels[0]!, tapLabels[1]!)
  const product = contractFactors(graph, a, b, type)
  // Apart again: the places are the result's spatial dimensions.
  const at = product.labels.indexOf('places')
  const actual = product.actual.toSpliced(at, 1, ...positions)
  const labels = product.labels.toSpliced(at, 1, ...positions.map((_, i) => spatialLabel(i)))
  const name = graph.node('Reshape', [product.name, graph.integers(actual)])
  if (way.of === 'lhs') return { name, labels, actual }
  const axes = positions.map((_, i) => at + i).filter((axis) => actual[axis]! > 1)
  return { name: reversedNode(graph, name, axes), labels, actual }
}

/** Taps along columns from lhs, taps along rows (in reverse) from rhs. */
function viaSplitPatches(
  graph: OnnxGraph,
  lhs: Labelled,
  rhs: Labelled,
  way: Extract<Way, { kind: 'split' }>,
  type: ValueType,
): Labelled {
  const a = patchesOf(graph, rhs, way.rows, type.dtype, spatialLabel(0), 'shared')
  const b = patchesOf(graph, lhs, way.columns, type.dtype, spatialLabel(1), 'shared')
  const product = contractFactors(graph, a, b, type)
  const axis = product.labels.indexOf(spatialLabel(0))
  return { ...product, name: reversedNode(graph, product.name, [axis]) }
}

/** Contracts over what both factors have but groups. */
function contractFactors(graph: OnnxGraph, a: Labelled, b: Labelled, type: ValueType): Labelled {
  const extents = new Map<string, number>()
  for (const { labels, actual } of [a, b]) {
    labels.forEach((label, i) => extents.set(label, actual[i]!))
  }
  return contract(graph, a, b, new Set(['group']), extents, type.dtype)
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

/** The runtime's own convolution, in blocks if they are given, or its transposed one where the input is dilated. */
function direct(
  graph: OnnxGraph,
  lhs: Labelled,
  rhs: Labelled,
  { params, output: value }: EquationOf<'conv'>,
  blocked: BlockedConvolutions | null,
): Labelled {
  const { strides, low, high, inputDilation, kernelDilation } = params
  const spatial = strides.map((_, i) => spatialLabel(i))
  const image = ordered(graph, lhs, ['batch', 'group', 'feature', ...spatial])
  const kernel = ordered(graph, rhs, ['group', 'out', 'feature', ...spatial])
  const [batch, group, feature, ...input] = image.actual as [number, number, number, ...number[]]
  const out = kernel.actual[1]!
  const taps = kernel.actual.slice(3)
  const labels = ['batch', 'group', 'out', ...spatial]
  const positions = extentsAt(value.type.shape, spatialOf(params.outAxes))
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
  const kernelShape = [group * out, feature, ...taps]
  const weight = graph.node('Reshape', [kernel.name, graph.integers(kernelShape)])
  const needsSpread = isDilated || [...low, ...high].some((extent) => extent < 0)
  const room = needsSpread ? spread(graph, flat, shape, inputDilation, low, high).name : flat
  const plain: PlainConv = {
    image: room,
    kernel: weight,
    kernelShape,
    resultShape: [batch, group * out, ...positions],
    group,
    strides,
    dilations: kernelDilation,
    pads: needsSpread ? spatial.flatMap(() => [0, 0]) : [...low, ...high],
  }
  return finish(
    blocked === null
      ? graph.node('Conv', [plain.image, plain.kernel], convAttributes(plain))
      : blocked.convolve(graph, plain, value),
  )
}
