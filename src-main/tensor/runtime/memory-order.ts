import type { GraphNode, MemoryGraph } from './memory-graph.ts'

/** Operators whose result is their input under another name. */
const aliasing = new Set(['Reshape', 'Identity'])

/**
 * Operators that ONNX Runtime (1.30, processor) computes in place where nothing else reads their input; found by
 * the peaks of small graphs. Sums and products of two values are not among them.
 */
const inPlace = new Set(['Conv', 'Tanh', 'Sigmoid', 'Softplus', 'Relu', 'Softmax', 'Cast'])

/** The input that an operator may overwrite. */
const overwritten = ({ opType, inputs }: GraphNode): string | undefined =>
  // A convolution in blocks is computed onto what it is added to.
  opType === 'Conv' ? inputs[3] : inputs[0]

/** The order in which ONNX Runtime evaluates: depth first from the results, what stands last in the graph first. */
export function executionOrder({ nodes }: MemoryGraph): GraphNode[] {
  const makers = new Map<string, number>()
  nodes.forEach((node, i) => {
    for (const output of node.outputs) makers.set(output, i)
  })
  const sources = nodes.map((node) =>
    [...new Set(node.inputs.flatMap((input) => makers.get(input) ?? []))].sort((a, b) => a - b),
  )
  const isRead = new Set(sources.flat())
  const stack = nodes.flatMap((_, index) => (isRead.has(index) ? [] : [{ index, isDone: false }]))
  const visited = new Set<number>()
  const order: GraphNode[] = []
  for (;;) {
    const entry = stack.pop()
    if (entry === undefined) return order
    const { index, isDone } = entry
    if (isDone) {
      order.push(nodes[index]!)
    } else if (!visited.has(index)) {
      visited.add(index)
      stack.push({ index, isDone: true })
      for (const source of sources[index]!) {
        if (!visited.has(source)) stack.push({ index: source, isDone: false })
      }
    }
  }
}

/** A buffer of the workspace with the steps at which it is taken and behind which it is given back. */
export interface Lease {
  readonly bytes: number
  readonly from: number
  to: number
}

/**
 * Gives every value its buffer as ONNX Runtime does: that of its input where the operator can work in place, else one that is
 * free and was made for the same shape, else a new one. A buffer that will be needed again is kept meanwhile.
 */
export function assignBuffers(graph: MemoryGraph, order: readonly GraphNode[]): readonly Lease[] {
  const uses = new Map<string, number>()
  const addUses = (name: string, count: number): number => {
    const sum = (uses.get(name) ?? 0) + count
    uses.set(name, sum)
    return sum
  }
  for (const node of order) for (const input of node.inputs) addUses(input, 1)
  for (const name of [...graph.given, ...graph.outputs]) addUses(name, 1)

  const owners = new Map<string, string>()
  const ownerOf = (name: string): string => owners.get(name) ?? name
  const leases = new Map<string, Lease>()
  const free: { readonly owner: string; readonly form: string }[] = []
  const share = (made: string, owner: string): void => {
    owners.set(made, owner)
    addUses(owner, uses.get(made) ?? 0)
  }
  const place = (made: string, node: GraphNode, step: number): void => {
    // Results go where the caller said.
    if (graph.outputs.has(made)) return
    const { opType } = node
    const source = overwritten(node)
    const form = graph.forms.get(made)!
    if (source !== undefined) {
      const owner = ownerOf(source)
      const canOverwrite =
        inPlace.has(opType) && uses.get(owner) === 1 && graph.forms.get(source) === form
      if (aliasing.has(opType) || canOverwrite) {
        share(made, owner)
        return
      }
    }
    const at = free.findIndex((buffer) => buffer.form === form)
    if (at === -1) leases.set(made, { bytes: graph.bytes.get(made)!, from: step, to: step })
    else share(made, free.splice(at, 1)[0]!.owner)
  }
  order.forEach((node, step) => {
    for (const made of node.outputs) place(made, node, step)
    for (const name of [...node.inputs, ...node.outputs]) {
      const lease = leases.get(ownerOf(name))
      if (lease !== undefined) lease.to = step
    }
    const unread = node.outputs.map(ownerOf).filter((owner) => (uses.get(owner) ?? 0) === 0)
    const ended = node.inputs.map(ownerOf).filter((owner) => addUses(owner, -1) === 0)
    for (const owner of [...ended, ...unread]) {
      if (leases.has(owner)) free.unshift({ owner, form: graph.forms.get(owner)! })
    }
  })
  return [...leases.values()]
}
