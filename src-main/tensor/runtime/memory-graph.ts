import onnxProto from 'onnx-proto'
import type { onnx } from 'onnx-proto'
import { sizeOf } from '#tensor/dense'
import { attributesOf, inferShapes } from './memory-shapes.ts'

/** One node of a graph with the bytes that go through it. */
export interface GraphNode {
  readonly opType: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

/** A graph with the size of every value. */
export interface MemoryGraph {
  readonly nodes: readonly GraphNode[]
  /** Bytes of each value. */
  readonly bytes: ReadonlyMap<string, number>
  /** Shape and bytes an entry of each value, as one word: values of one form can take each other's buffers. */
  readonly forms: ReadonlyMap<string, string>
  /** Values that take none of the workspace: inputs and constants. */
  readonly given: ReadonlySet<string>
  readonly outputs: ReadonlySet<string>
  /** Bytes of the constants inside. */
  readonly constantBytes: number
}

const { DataType } = onnxProto.onnx.TensorProto
const entryBytes: Readonly<Record<number, number>> = {
  [DataType.FLOAT]: 4,
  [DataType.DOUBLE]: 8,
  [DataType.INT32]: 4,
  [DataType.INT64]: 8,
  [DataType.BOOL]: 1,
}

interface Value {
  readonly shape: readonly number[]
  readonly type: number
  readonly integers?: readonly number[] | undefined
}

function constantOf({ dims, dataType, rawData }: onnx.ITensorProto): Value {
  const shape = (dims ?? []).map(Number)
  const type = dataType ?? DataType.FLOAT
  if (type !== (DataType.INT64 as number)) return { shape, type }
  const bytes = Uint8Array.from(rawData ?? [])
  return { shape, type, integers: [...new BigInt64Array(bytes.buffer)].map(Number) }
}

/** Number type of a node's results. */
function resultType(node: onnx.INodeProto, inputs: readonly (Value | undefined)[]): number {
  switch (node.opType) {
    case 'Cast':
      return attributesOf(node).get('to')![0]!
    case 'Greater':
    case 'Equal':
      return DataType.BOOL
    case 'ArgMax':
      return DataType.INT64
    case 'Where':
      return inputs[1]!.type
    default:
      return inputs[0]!.type
  }
}

/** Reads a model whose inputs have fixed shapes. */
export function readGraph(model: Uint8Array): MemoryGraph {
  const graph = onnxProto.onnx.ModelProto.decode(model).graph!
  const values = new Map<string, Value>()
  let constantBytes = 0
  for (const tensor of graph.initializer ?? []) {
    const value = constantOf(tensor)
    constantBytes += entryBytes[value.type]! * sizeOf(value.shape)
    values.set(tensor.name!, value)
  }
  for (const { name, type } of graph.input ?? []) {
    const { elemType, shape } = type!.tensorType!
    values.set(name!, {
      shape: (shape?.dim ?? []).map(({ dimValue }) => Number(dimValue)),
      type: elemType!,
    })
  }
  const given = new Set(values.keys())
  const nodes: GraphNode[] = []
  for (const node of graph.node ?? []) {
    const [inputNames, outputs] = [node.input ?? [], node.output ?? []]
    const inputs = inputNames.map((name) => values.get(name))
    const shapes = inferShapes(node.opType!, {
      shapes: inputs.map((input) => input?.shape ?? []),
      integers: inputs.map((input) => input?.integers),
      attributes: attributesOf(node),
    })
    const type = resultType(node, inputs)
    outputs.forEach((name, i) => values.set(name, { shape: shapes[i]!, type }))
    nodes.push({ opType: node.opType!, inputs: inputNames, outputs })
  }
  const sizes = new Map(
    [...values].map(([name, { shape, type }]) => [name, entryBytes[type]! * sizeOf(shape)]),
  )
  const forms = new Map(
    [...values].map(([name, { shape, type }]) => [name, `${entryBytes[type]!}:${shape.join()}`]),
  )
  const outputs = (graph.output ?? []).map(({ name }) => name!)
  return { ...withoutIdentities(nodes, outputs, given), bytes: sizes, forms, given, constantBytes }
}

/** The graph as it runs: a node whose result goes nowhere but to an output writes there. */
function withoutIdentities(
  nodes: readonly GraphNode[],
  outputs: readonly string[],
  given: ReadonlySet<string>,
): Pick<MemoryGraph, 'nodes' | 'outputs'> {
  const results = new Set(outputs)
  const sourceOf = new Map<string, string>()
  const kept = nodes.filter(({ opType, inputs: [source], outputs: [made] }) => {
    const isDropped = opType === 'Identity' && !given.has(source!) && results.has(made!)
    if (isDropped) sourceOf.set(made!, source!)
    return !isDropped
  })
  return { nodes: kept, outputs: new Set(outputs.map((name) => sourceOf.get(name) ?? name)) }
}
