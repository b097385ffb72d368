import { sameShape, sizeOf } from '#tensor/dense'
import { extentsAt, type EquationOf, type Program, type Variable } from '#tensor/program'
import type { Labelled } from './contraction.ts'
import type { OnnxGraph } from './onnx-graph.ts'

/** Where ONNX Runtime keeps the operators of its blocked layout. */
const domain = 'com.microsoft.nchwc'

/** A convolution as ONNX writes it: image `[n, c, h, w]`, kernel `[o, c/group, …taps]`. */
export interface PlainConv {
  readonly image: string
  readonly kernel: string
  readonly kernelShape: readonly number[]
  readonly resultShape: readonly number[]
  readonly group: number
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  /** Before each spatial dimension, then behind each. */
  readonly pads: readonly number[]
}

/** Attributes of a convolution, in either layout. */
export const convAttributes = ({ group, kernelShape, strides, dilations, pads }: PlainConv) => ({
  group,
  kernel_shape: kernelShape.slice(2),
  strides,
  dilations,
  pads,
})

/** An image in blocks. */
export const reorderedInput = (graph: OnnxGraph, image: string): string =>
  graph.node('ReorderInput', [image], { channels_last: 0 }, domain)

/** A value in the graph, as far as a sum needs to know it. */
type Written = Pick<Labelled, 'name' | 'actual'>

/** A convolution whose result lies in blocks. */
interface BlockedConv {
  readonly conv: PlainConv
  readonly image: string
  readonly kernel: string
  readonly result: string
  /** Null where something is added onto it already. */
  readonly value: Variable | null
}

/**
 * Writes convolutions in blocked channels, `[n, c/b, h, w, b]` (NCHWc), with operators of ONNX Runtime that its optimizer
 * puts in for kernels that are constants; ours are inputs. With the image brought into that layout and the result back,
 * they take 0.6 to 0.7 of the time of the plain operator (3x3, 16 to 64 channels, AVX-512), and less than a product
 * with patches that are there already.
 *
 * These operators are no public interface. `findChannelBlock` tries them against the public ones in every process
 * before they are used.
 *
 * @see https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/optimizer/nchwc_transformer.cc
 */
export class BlockedConvolutions {
  readonly #block: number
  readonly #readers: ReadonlyMap<Variable, number>
  /** By the name of the result in the plain layout. */
  readonly #made = new Map<string, BlockedConv>()

  /** @param block - Channels a block, b. */
  constructor(block: number, program: Program) {
    this.#block = block
    this.#readers = countReaders(program)
  }

  /** Whether a convolution can be written so and is faster for it: one of a single tap is not. */
  fits({ params, inputs: [, kernel] }: EquationOf<'conv'>): boolean {
    const { shape, dtype } = kernel!.type
    const [, out, feature, ...taps] = extentsAt(shape, params.rhsAxes)
    return (
      dtype === 'float32' &&
      taps.length === 2 &&
      sizeOf(taps) > 1 &&
      [out!, feature!].every((extent) => extent % this.#block === 0) &&
      params.inputDilation.every((dilation) => dilation === 1)
    )
  }

  /**
   * Writes a convolution that fits.
   *
   * @param value - What it computes in the program.
   * @returns The result in the plain layout.
   */
  convolve(graph: OnnxGraph, conv: PlainConv, value: Variable): string {
    const image = reorderedInput(graph, conv.image)
    const kernel = this.#blockedKernel(graph, conv)
    const result = graph.node('Conv', [image, kernel], convAttributes(conv), domain)
    return this.#plain(graph, { conv, image, kernel, result, value })
  }

  /**
   * Adds two convolutions in blocks, the second onto the first as it is computed.
   *
   * @returns Null where the two are no such convolutions, or are read by others as well.
   */
  add(graph: OnnxGraph, operands: readonly Written[]): Written | null {
    const [left, right] = operands.map(({ name }) => this.#made.get(graph.sourceOf(name)))
    if (left === undefined || right === undefined) return null
    const [first, second] = this.#isFree(right) ? [left, right] : [right, left]
    const [lhs, rhs] = operands as [Written, Written]
    const spatial = ({ conv }: BlockedConv): readonly number[] => conv.resultShape.slice(2)
    const isAlike = sameShape(spatial(first), spatial(second)) && sameShape(lhs.actual, rhs.actual)
    if (!isAlike || !this.#isFree(second)) return null
    // Blocks of channels follow each other image by image, so images of several times as many channels lie the same.
    const { conv, image, kernel } = second
    const sum = sameShape(first.conv.resultShape, conv.resultShape)
      ? first.result
      : graph.node('Reshape', [first.result, graph.integers(conv.resultShape)])
    const inputs = [image, kernel, '', sum]
    const result = graph.node('Conv', inputs, convAttributes(conv), domain)
    const name = this.#plain(graph, { ...second, result, value: null })
    return {
      name: graph.node('Reshape', [name, graph.integers(lhs.actual)]),
      actual: lhs.actual,
    }
  }

  /** Whether a convolution can still be computed onto something: nobody but the sum reads it. */
  #isFree({ value }: BlockedConv): boolean {
    return value !== null && this.#readers.get(value) === 1
  }

  #plain(graph: OnnxGraph, made: BlockedConv): string {
    const channels = made.conv.resultShape[1]!
    const attributes = { channels, channels_last: 0 }
    const name = graph.node('ReorderOutput', [made.result], attributes, domain)
    this.#made.set(name, made)
    return name
  }

  /** `[o, i, …taps]` as `[o/b, i/b, …taps, b of i, b of o]`, under the shape that it had. */
  #blockedKernel(graph: OnnxGraph, { kernel, kernelShape }: PlainConv): string {
    const [out, feature, ...taps] = kernelShape as [number, number, ...number[]]
    const b = this.#block
    const parted = [out / b, b, feature / b, b, ...taps]
    const apart = graph.node('Reshape', [kernel, graph.integers(parted)])
    const moved = graph.node('Transpose', [apart], { perm: [0, 2, 4, 5, 3, 1] })
    return graph.node('Reshape', [moved, graph.integers(kernelShape)])
  }
}

/** How often each value is read; under another shape it is the same value. */
function countReaders({ equations, outputs }: Program): ReadonlyMap<Variable, number> {
  const readers = new Map<Variable, number>()
  const note = (variable: Variable, count: number): void => {
    readers.set(variable, (readers.get(variable) ?? 0) + count)
  }
  for (const variable of outputs) note(variable, 1)
  // From the end: who reads a value comes behind it.
  for (const { primitive, inputs, output } of equations.toReversed()) {
    const count = primitive === 'reshape' ? (readers.get(output) ?? 0) : 1
    for (const variable of inputs) note(variable, count)
  }
  return readers
}
