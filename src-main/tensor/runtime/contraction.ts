import { sizeOf } from '#tensor/dense'
import type { Dtype } from '#tensor/dense'
import type { OnnxGraph } from './onnx-graph.ts'

/** A factor or result of a contraction: dimensions by name. */
export interface Labelled {
  readonly name: string
  /** One label a dimension, in the order of storage. */
  readonly labels: readonly string[]
  /** Extents really there: 1 where a repetition is left to the reader. */
  readonly actual: readonly number[]
}

/** Extent of every label. */
export type Extents = ReadonlyMap<string, number>

/** A factor as a stack of matrices. */
interface Stacked {
  readonly name: string
  readonly stack: readonly string[]
  readonly stackExtents: readonly number[]
  /** Labels of the matrix that stay, and whether they come behind the contracted ones. */
  readonly free: readonly string[]
  readonly isTransposed: boolean
}

const without = (labels: readonly string[], dropped: ReadonlySet<string>): string[] =>
  labels.filter((label) => !dropped.has(label))

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((label, i) => label === b[i])

/**
 * Contracted labels to be summed after the product: those that lie in front of a free label that lies in front of
 * another contracted one, where nothing but the stack comes before them in either factor.
 */
function splitOff(
  labels: readonly string[],
  other: readonly string[],
  contracted: ReadonlySet<string>,
  kept: ReadonlySet<string>,
): string[] {
  const lastContracted = labels.findLastIndex((label) => contracted.has(label))
  const lastFree = labels.findLastIndex((label, i) => i < lastContracted && !contracted.has(label))
  const leads = (list: readonly string[], label: string): boolean =>
    list.slice(0, list.indexOf(label)).every((earlier) => kept.has(earlier))
  return labels.filter(
    (label, i) =>
      i < lastFree && contracted.has(label) && leads(labels, label) && leads(other, label),
  )
}

/**
 * Contracts two factors over the labels that both have and the result has not.
 *
 * A matrix product over a stack; nothing is moved where the dimensions already lie as stack, free, contracted or as
 * stack, contracted, free. What leads only one factor joins the stack (the other is repeated by the product
 * itself); contracted labels that lead both factors are summed after the product.
 *
 * @param kept - Labels shared by both factors that stay (batch dimensions).
 * @returns Labels in the order stack, free of a, free of b.
 */
export function contract(
  graph: OnnxGraph,
  a: Labelled,
  b: Labelled,
  kept: ReadonlySet<string>,
  extents: Extents,
  dtype: Dtype,
): Labelled {
  const contracted = new Set(
    a.labels.filter((label) => b.labels.includes(label) && !kept.has(label)),
  )
  const summed = new Set([
    ...splitOff(a.labels, b.labels, contracted, kept),
    ...splitOff(b.labels, a.labels, contracted, kept),
  ])
  const stacked = new Set([...kept, ...summed])
  const inner = a.labels.filter((label) => contracted.has(label) && !summed.has(label))
  const left = asStack(graph, repeatSummed(graph, a, b, summed, extents), stacked, inner, extents)
  let right = asStack(graph, b, stacked, inner, extents)
  let stack = mergeStacks(left.stack, right.stack)
  if (stack === null) {
    const order = left.stack.filter((label) => stacked.has(label))
    right = turned(graph, b, order, inner, extents)
    stack = mergeStacks(left.stack, right.stack)!
  }
  const leftAligned = alignStack(graph, left, stack, inner, extents)
  const rightAligned = alignStack(graph, right, stack, inner, extents)
  let stackExtents = stack.map((_, i) =>
    Math.max(leftAligned.extents[i]!, rightAligned.extents[i]!),
  )
  let name = multiply(graph, leftAligned, rightAligned, stack.length, dtype)

  const axes = stack.flatMap((label, i) => (summed.has(label) ? [i] : []))
  if (axes.length > 0) {
    name = graph.node('ReduceSum', [name, graph.integers(axes)], { keepdims: 0 })
    stackExtents = stackExtents.filter((_, i) => !axes.includes(i))
    stack = without(stack, summed)
  }
  const labels = [...stack, ...left.free, ...right.free]
  const actual = [
    ...stackExtents,
    ...[...left.free, ...right.free].map((label) => extents.get(label)!),
  ]
  const isAlready = left.free.length === 1 && right.free.length === 1
  return {
    name: isAlready ? name : graph.node('Reshape', [name, graph.integers(actual)]),
    labels,
    actual,
  }
}

/** Reads a factor as a stack of matrices where it lies, or turns it. */
function asStack(
  graph: OnnxGraph,
  factor: Labelled,
  stacked: ReadonlySet<string>,
  inner: readonly string[],
  extents: Extents,
): Stacked {
  const { labels } = factor
  const isInner = (label: string): boolean => inner.includes(label)
  let depth = labels.findLastIndex((label) => stacked.has(label)) + 1
  // Free in front and behind: what is in front joins the stack.
  const first = labels.findIndex(isInner)
  const last = labels.findLastIndex(isInner)
  if (first > depth && last < labels.length - 1) depth = first
  const rest = labels.slice(depth)
  const free = rest.filter((label) => !isInner(label))
  const isPlain = isSame(rest, [...free, ...inner])
  const isTurned = isSame(rest, [...inner, ...free])
  // A stack of single rows would be no matrix product any more.
  const isRow = free.length === 0 && labels.slice(0, depth).some((label) => !stacked.has(label))
  if (labels.slice(0, depth).some(isInner) || (!isPlain && !isTurned) || isRow) {
    const stack = labels.filter((label) => stacked.has(label))
    return turned(graph, factor, stack, inner, extents)
  }
  const name = written(graph, factor, labels.slice(0, depth), extents)
  return {
    name,
    stack: labels.slice(0, depth),
    stackExtents: factor.actual.slice(0, depth),
    free,
    isTransposed: !isPlain,
  }
}

/** Transposes a factor to stack, free, contracted. */
function turned(
  graph: OnnxGraph,
  factor: Labelled,
  stack: readonly string[],
  inner: readonly string[],
  extents: Extents,
): Stacked {
  const { labels } = factor
  const free = labels.filter((label) => !stack.includes(label) && !inner.includes(label))
  const order = [...stack, ...free, ...inner]
  const perm = order.map((label) => labels.indexOf(label))
  const name = graph.node('Transpose', [written(graph, factor, stack, extents)], { perm })
  const stackExtents = stack.map((label) => factor.actual[labels.indexOf(label)]!)
  return { name, stack, stackExtents, free, isTransposed: false }
}

/** Writes repetitions out but for those of the stack. */
function written(
  graph: OnnxGraph,
  { name, labels, actual }: Labelled,
  stack: readonly string[],
  extents: Extents,
): string {
  const wanted = labels.map((label, i) =>
    stack.includes(label) ? actual[i]! : extents.get(label)!,
  )
  return wanted.every((extent, i) => extent === actual[i])
    ? name
    : graph.node('Expand', [name, graph.integers(wanted)])
}

/** One order of labels that both stacks follow; null if they contradict each other. */
function mergeStacks(a: readonly string[], b: readonly string[]): string[] | null {
  const merged: string[] = []
  const [left, right] = [[...a], [...b]]
  while (left.length > 0 || right.length > 0) {
    const [head] = left
    if (head !== undefined && (head === right[0] || !right.includes(head))) {
      merged.push(head)
      left.shift()
      if (head === right[0]) right.shift()
    } else if (right[0] !== undefined && !left.includes(right[0])) {
      merged.push(right.shift()!)
    } else {
      return null
    }
  }
  return merged
}

/** A factor ready for the product. */
interface Aligned {
  readonly name: string
  /** Dimensions in front of the matrix. */
  readonly depth: number
  /** Extents of the whole stack, 1 where it is repeated. */
  readonly extents: readonly number[]
  readonly isTransposed: boolean
}

/** The factor as `[…stack, rows, columns]`, with 1 where a label of the stack is not its own. */
function alignStack(
  graph: OnnxGraph,
  factor: Stacked,
  stack: readonly string[],
  inner: readonly string[],
  extents: Extents,
): Aligned {
  const product = (labels: readonly string[]): number =>
    sizeOf(labels.map((label) => extents.get(label)!))
  const aligned = stack.map((label) => factor.stackExtents[factor.stack.indexOf(label)] ?? 1)
  // A product repeats missing leading dimensions by itself.
  const leading = stack.findIndex((label) => factor.stack.includes(label))
  const trimmed = leading === -1 ? [] : aligned.slice(leading)
  const matrix = [product(factor.free), product(inner)]
  if (factor.isTransposed) matrix.reverse()
  const isAlready =
    factor.free.length === 1 && inner.length === 1 && trimmed.length === factor.stack.length
  const name = isAlready
    ? factor.name
    : graph.node('Reshape', [factor.name, graph.integers([...trimmed, ...matrix])])
  return { name, depth: trimmed.length, extents: aligned, isTransposed: factor.isTransposed }
}

/** A summed label that both factors leave to repetition is written out in the first, so that it is counted in full. */
function repeatSummed(
  graph: OnnxGraph,
  a: Labelled,
  b: Labelled,
  summed: ReadonlySet<string>,
  extents: Extents,
): Labelled {
  const actual = a.labels.map((label, i) =>
    summed.has(label) && b.actual[b.labels.indexOf(label)] === 1
      ? extents.get(label)!
      : a.actual[i]!,
  )
  if (actual.every((extent, i) => extent === a.actual[i])) return a
  return { ...a, name: graph.node('Expand', [a.name, graph.integers(actual)]), actual }
}

/** x·y over stacks, with either factor stored transposed. */
function multiply(
  graph: OnnxGraph,
  lhs: Aligned,
  rhs: Aligned,
  depth: number,
  dtype: Dtype,
): string {
  const transA = lhs.isTransposed ? 1 : 0
  // The right factor is used as contracted × free; it is stored as free × contracted unless turned.
  const transB = rhs.isTransposed ? 0 : 1
  if (transA + transB === 0) return graph.node('MatMul', [lhs.name, rhs.name])
  if (depth === 0) return graph.node('Gemm', [lhs.name, rhs.name], { transA, transB })
  if (dtype === 'float32') {
    return graph.node('FusedMatMul', [lhs.name, rhs.name], { transA, transB }, 'com.microsoft')
  }
  const swapped = (factor: Aligned, isNeeded: number): string => {
    if (isNeeded === 0) return factor.name
    const stack = Array.from({ length: factor.depth }, (_, axis) => axis)
    const perm = [...stack, factor.depth + 1, factor.depth]
    return graph.node('Transpose', [factor.name], { perm })
  }
  return graph.node('MatMul', [swapped(lhs, transA), swapped(rhs, transB)])
}

/** Brings a result into an order of labels. */
export function ordered(graph: OnnxGraph, value: Labelled, labels: readonly string[]): Labelled {
  const perm = labels.map((label) => value.labels.indexOf(label))
  const actual = perm.map((axis) => value.actual[axis]!)
  const moved = perm.filter((axis) => value.actual[axis] !== 1)
  if (moved.every((axis, i) => i === 0 || axis > moved[i - 1]!)) {
    const isStill = perm.every((axis, i) => axis === i)
    const name = isStill ? value.name : graph.node('Reshape', [value.name, graph.integers(actual)])
    return { name, labels, actual }
  }
  return { name: graph.node('Transpose', [value.name], { perm }), labels, actual }
}
