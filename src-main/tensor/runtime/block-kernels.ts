import { elementTypeOf, OnnxGraph } from './onnx-graph.ts'
import { createSession, type Session, type SessionOptions } from './session.ts'

/** A·Bᵀ for a `[r, n]` and b `[s, n]`. */
function productsModel(): Uint8Array {
  const graph = new OnnxGraph()
  const a = graph.input('a', 'float32', ['r', 'n'])
  const b = graph.input('b', 'float32', ['s', 'n'])
  const product = graph.node('FusedMatMul', [a, b], { transA: 0, transB: 1 }, 'com.microsoft')
  graph.output('out', product, 'float32', ['r', 's'])
  return graph.encode('inner-products')
}

/** A·v for a `[r, n]` and v `[n, 1]`. */
function matrixVectorModel(): Uint8Array {
  const graph = new OnnxGraph()
  const a = graph.input('a', 'float32', ['r', 'n'])
  const b = graph.input('b', 'float32', ['n', 1])
  graph.output('out', graph.node('MatMul', [a, b]), 'float32', ['r', 1])
  return graph.encode('matrix-vector')
}

/** Σ over chunks of ⟨a, b⟩ for both `[c, 1, m]`, the chunks' sums added up in float64. */
function chunkedModel(): Uint8Array {
  const graph = new OnnxGraph()
  const a = graph.input('a', 'float32', ['c', 1, 'm'])
  const b = graph.input('b', 'float32', ['c', 1, 'm'])
  const parts = graph.node('FusedMatMul', [a, b], { transA: 0, transB: 1 }, 'com.microsoft')
  const wide = graph.node('Cast', [parts], { to: elementTypeOf('float64') })
  const total = graph.node('ReduceSum', [wide, graph.integers([0, 1, 2])], { keepdims: 0 })
  graph.output('out', total, 'float64', [])
  return graph.encode('chunked-inner-product')
}

/** C·basis, or C·basis + t. */
function combinationModel(isAdded: boolean): Uint8Array {
  const graph = new OnnxGraph()
  const coefficients = graph.input('c', 'float32', ['r', 's'])
  const basis = graph.input('b', 'float32', ['s', 'n'])
  const operands = [coefficients, basis]
  const product = isAdded
    ? graph.node('Gemm', [...operands, graph.input('t', 'float32', ['r', 'n'])])
    : graph.node('MatMul', operands)
  graph.output('out', product, 'float32', ['r', 'n'])
  return graph.encode(isAdded ? 'add-combination' : 'set-combination')
}

/** factor·v. */
function scaledModel(): Uint8Array {
  const graph = new OnnxGraph()
  const v = graph.input('v', 'float32', ['n'])
  const factor = graph.input('factor', 'float32', [1])
  graph.output('out', graph.node('Mul', [v, factor]), 'float32', ['n'])
  return graph.encode('scaled-vector')
}

/** The sessions behind a block algebra; their models know no length, so that one set serves every vector. */
export interface BlockKernels {
  readonly products: Session
  readonly matrixVector: Session
  readonly chunked: Session
  readonly set: Session
  readonly add: Session
  readonly scaled: Session
}

/** Loads the kernels; a session cache in the options makes them shared. */
export async function loadBlockKernels(options: SessionOptions): Promise<BlockKernels> {
  const load = (model: Uint8Array): Promise<Session> => createSession(model, options)
  return {
    products: await load(productsModel()),
    matrixVector: await load(matrixVectorModel()),
    chunked: await load(chunkedModel()),
    set: await load(combinationModel(false)),
    add: await load(combinationModel(true)),
    scaled: await load(scaledModel()),
  }
}

/** Frees the kernels. */
export async function releaseBlockKernels(kernels: BlockKernels): Promise<void> {
  for (const kernel of Object.values(kernels) as Session[]) await kernel.release()
}
