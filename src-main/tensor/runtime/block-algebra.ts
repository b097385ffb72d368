import { OnnxGraph } from './onnx-graph.ts'
import type { BlockAlgebra } from './runtime.ts'
import { createSession, type Session, type SessionOptions } from './session.ts'

function innerProductsModel(size: number): Uint8Array {
  const graph = new OnnxGraph()
  const a = graph.input('a', 'float32', ['r', size])
  const b = graph.input('b', 'float32', ['s', size])
  const product = graph.node('FusedMatMul', [a, b], { transA: 0, transB: 1 }, 'com.microsoft')
  graph.output('out', product, 'float32', ['r', 's'])
  return graph.encode('inner-products')
}

function combinationModel(size: number, isAdded: boolean): Uint8Array {
  const graph = new OnnxGraph()
  const coefficients = graph.input('c', 'float32', ['r', 's'])
  const basis = graph.input('b', 'float32', ['s', size])
  const product = graph.node('MatMul', [coefficients, basis])
  if (isAdded) {
    const target = graph.input('t', 'float32', ['r', size])
    graph.output('out', graph.node('Add', [target, product]), 'float32', ['r', size])
  } else {
    graph.output('out', product, 'float32', ['r', size])
  }
  return graph.encode(isAdded ? 'add-combination' : 'set-combination')
}

/** {@link BlockAlgebra} as matrix products of ONNX Runtime; holds one scratch block as large as the largest target. */
export async function createOnnxBlockAlgebra(
  size: number,
  options: SessionOptions,
): Promise<BlockAlgebra> {
  const sessions: Session[] = []
  const load = async (model: Uint8Array): Promise<Session> => {
    const session = await createSession(model, options)
    sessions.push(session)
    return session
  }
  const inner = await load(innerProductsModel(size))
  const set = await load(combinationModel(size, false))
  const added = await load(combinationModel(size, true))
  let scratch = new Float32Array(0)
  const scratchFor = (rows: number): Float32Array => {
    if (scratch.length < rows * size) scratch = new Float32Array(rows * size)
    return scratch.subarray(0, rows * size)
  }
  const block = (data: Float32Array, rows: number) => ({ data, shape: [rows, size] })

  return {
    innerProducts: async (a, aRows, b, bRows) => {
      const out = new Float32Array(aRows * bRows)
      await inner.run(
        { a: block(a, aRows), b: block(b, bRows) },
        { out: { data: out, shape: [aRows, bRows] } },
      )
      return Float64Array.from(out)
    },
    combine: async (target, targetRows, coefficients, basis, basisRows, isAdded) => {
      const c = { data: Float32Array.from(coefficients), shape: [targetRows, basisRows] }
      const b = block(basis, basisRows)
      if (!isAdded) return set.run({ c, b }, { out: block(target, targetRows) })
      // The runtime may not write where it reads, so the sum lands beside and is copied back.
      const sum = scratchFor(targetRows)
      await added.run({ t: block(target, targetRows), c, b }, { out: block(sum, targetRows) })
      target.set(sum)
    },
    release: async () => {
      for (const session of sessions) await session.release()
    },
  }
}
