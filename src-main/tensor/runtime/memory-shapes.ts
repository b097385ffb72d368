import type { onnx } from 'onnx-proto'
import { invariant } from '#base'
import { sizeOf } from '#tensor/dense'

/** Attributes of a node by name: whole numbers and lists of them. */
export type Attributes = ReadonlyMap<string, readonly number[]>

/** What a rule sees: shapes of the inputs, and their entries where they are constant integers. */
export interface ShapeInputs {
  readonly shapes: readonly (readonly number[])[]
  readonly integers: readonly (readonly number[] | undefined)[]
  readonly attributes: Attributes
}

/** Gives the shape of each result. */
type GraphShapeRule = (inputs: ShapeInputs) => readonly (readonly number[])[]

/** Attributes that are numbers. */
export function attributesOf(node: onnx.INodeProto): Attributes {
  return new Map(
    (node.attribute ?? []).map(({ name, i, ints }) => [
      name ?? '',
      ints === null || ints === undefined || ints.length === 0
        ? [Number(i ?? 0)]
        : ints.map((value) => Number(value)),
    ]),
  )
}

const numberOf = (attributes: Attributes, name: string, otherwise: number): number =>
  attributes.get(name)?.[0] ?? otherwise

/** Joint shape of values that are broadcast against each other. */
function broadcastShape(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length))
  return Array.from({ length: rank }, (_, axis) =>
    shapes.reduce((extent, shape) => Math.max(extent, shape[axis - rank + shape.length] ?? 1), 1),
  )
}

const elementwise: GraphShapeRule = ({ shapes }) => [broadcastShape(shapes)]
const first: GraphShapeRule = ({ shapes }) => [shapes[0]!]

const product: GraphShapeRule = ({ shapes, attributes }) => {
  const turned = (shape: readonly number[], name: string): readonly number[] =>
    numberOf(attributes, name, 0) === 1
      ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!]
      : shape
  const [a, b] = [turned(shapes[0]!, 'transA'), turned(shapes[1]!, 'transB')]
  return [[...broadcastShape([a.slice(0, -2), b.slice(0, -2)]), a.at(-2)!, b.at(-1)!]]
}

/** Extents of a convolution's result along its spatial dimensions. */
const conv: GraphShapeRule = ({ shapes: [image, kernel], attributes }) => {
  const taps = kernel!.slice(2)
  const list = (name: string): readonly number[] => attributes.get(name) ?? taps.map(() => 1)
  const pads = attributes.get('pads') ?? [...taps, ...taps].map(() => 0)
  const [strides, dilations] = [list('strides'), list('dilations')]
  const spatial = taps.map((extent, i) => {
    const room = image![i + 2]! + pads[i]! + pads[i + taps.length]!
    return Math.floor((room - dilations[i]! * (extent - 1) - 1) / strides[i]!) + 1
  })
  return [[image![0]!, kernel![0]!, ...spatial]]
}

const convTranspose: GraphShapeRule = ({ shapes: [image, kernel], attributes }) => {
  const taps = kernel!.slice(2)
  const list = (name: string, otherwise: number): readonly number[] =>
    attributes.get(name) ?? taps.map(() => otherwise)
  const pads = attributes.get('pads') ?? [...taps, ...taps].map(() => 0)
  const spatial = taps.map(
    (extent, i) =>
      list('strides', 1)[i]! * (image![i + 2]! - 1) +
      list('output_padding', 0)[i]! +
      list('dilations', 1)[i]! * (extent - 1) +
      1 -
      pads[i]! -
      pads[i + taps.length]!,
  )
  return [[image![0]!, kernel![1]! * numberOf(attributes, 'group', 1), ...spatial]]
}

const reshape: GraphShapeRule = ({ shapes: [shape], integers }) => {
  const wanted = integers[1]!.map((extent, axis) => (extent === 0 ? shape![axis]! : extent))
  const known = sizeOf(wanted.filter((extent) => extent !== -1))
  return [wanted.map((extent) => (extent === -1 ? sizeOf(shape!) / known : extent))]
}

const slice: GraphShapeRule = ({ shapes: [shape], integers: [, starts, ends, axes, steps] }) => {
  const result = [...shape!]
  starts!.forEach((start, i) => {
    const axis = axes?.[i] ?? i
    const extent = shape![axis]!
    const step = steps?.[i] ?? 1
    const place = (index: number, low: number, high: number): number =>
      Math.min(Math.max(index < 0 ? index + extent : index, low), high)
    const [from, to] =
      step > 0
        ? [place(start, 0, extent), place(ends![i]!, 0, extent)]
        : [place(start, -1, extent - 1), place(ends![i]!, -1, extent - 1)]
    result[axis] = Math.max(0, Math.ceil((to - from) / step))
  })
  return [result]
}

const pad: GraphShapeRule = ({ shapes: [shape], integers: [, pads] }) => [
  shape!.map((extent, axis) => extent + pads![axis]! + pads![axis + shape!.length]!),
]

function reduced(shape: readonly number[], axes: readonly number[], isKept: boolean): number[] {
  const dropped = axes.map((axis) => (axis < 0 ? axis + shape.length : axis))
  return isKept
    ? shape.map((extent, axis) => (dropped.includes(axis) ? 1 : extent))
    : shape.filter((_, axis) => !dropped.includes(axis))
}

const reduce: GraphShapeRule = ({ shapes: [shape], integers: [, axes], attributes }) => [
  reduced(shape!, axes!, numberOf(attributes, 'keepdims', 1) === 1),
]

const layerNormalization: GraphShapeRule = ({ shapes: [shape], attributes }) => {
  const axis = numberOf(attributes, 'axis', -1)
  const from = axis < 0 ? axis + shape!.length : axis
  const kept = shape!.map((extent, i) => (i < from ? extent : 1))
  return [shape!, kept, kept]
}

/** Shape rules of the operators that graphs are written in. */
const rules: Readonly<Record<string, GraphShapeRule>> = {
  ...Object.fromEntries(
    [
      ['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Pow', 'Where', 'Greater', 'Equal'],
      ['Neg', 'Abs', 'Sign', 'Exp', 'Log', 'Sqrt', 'Sin', 'Cos', 'Erf'],
      ['Tanh', 'Sigmoid', 'Softplus', 'Relu', 'Gelu'],
    ]
      .flat()
      .map((name) => [name, elementwise]),
  ),
  Cast: first,
  Identity: first,
  Softmax: first,
  ScatterND: first,
  ReorderInput: first,
  ReorderOutput: first,
  Gemm: product,
  MatMul: product,
  FusedMatMul: product,
  Conv: conv,
  ConvTranspose: convTranspose,
  Reshape: reshape,
  Slice: slice,
  Pad: pad,
  ReduceSumSquare: reduce,
  ReduceSum: reduce,
  ReduceMax: reduce,
  LayerNormalization: layerNormalization,
  Transpose: ({ shapes: [shape], attributes }) => [
    (attributes.get('perm') ?? shape!.map((_, i) => shape!.length - 1 - i)).map(
      (axis) => shape![axis]!,
    ),
  ],
  Expand: ({ shapes, integers }) => [broadcastShape([shapes[0]!, integers[1]!])],
  Concat: ({ shapes, attributes }) => {
    const axis = numberOf(attributes, 'axis', 0)
    const total = shapes.reduce((sum, shape) => sum + shape[axis]!, 0)
    return [shapes[0]!.with(axis, total)]
  },
  ArgMax: ({ shapes: [shape], attributes }) => [
    reduced(shape!, [numberOf(attributes, 'axis', 0)], numberOf(attributes, 'keepdims', 1) === 1),
  ],
  Gather: ({ shapes: [shape, indices], attributes }) => {
    const axis = numberOf(attributes, 'axis', 0)
    return [[...shape!.slice(0, axis), ...indices!, ...shape!.slice(axis + 1)]]
  },
}

/** Shapes of a node's results. */
export function inferShapes(opType: string, inputs: ShapeInputs): readonly (readonly number[])[] {
  const rule = rules[opType]
  invariant(rule !== undefined, `the memory plan knows no operator ${opType}`)
  return rule(inputs)
}
