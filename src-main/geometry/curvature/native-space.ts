import type { Vector, VectorSpace } from '#geometry/operators'
import { createSession, OnnxGraph, type Session } from '#tensor/runtime'
import { invariant } from '#base'

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

/** A {@link VectorSpace} in float32 whose every operation is one call into the native runtime. */
export interface NativeSpace extends VectorSpace {
  release(): Promise<void>
}

/**
 * Vector algebra on R^n as matrix products in the native runtime.
 *
 * Memory-bound: an operation reads its basis once. Holds one scratch block as large as the largest
 * target updated.
 */
export async function createNativeSpace(size: number, threads = 0): Promise<NativeSpace> {
  const options = { threads }
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
  const float32 = (vector: Vector, rows: number): Float32Array => {
    invariant(vector instanceof Float32Array, 'a native space holds float32 vectors')
    return vector.subarray(0, rows * size)
  }

  return {
    size,
    epsilon: 2 ** -23,
    allocate: (rows) => new Float32Array(rows * size),
    innerProducts: async (a, aRows, b, bRows) => {
      const out = new Float32Array(aRows * bRows)
      await inner.run(
        {
          a: { data: float32(a, aRows), shape: [aRows, size] },
          b: { data: float32(b, bRows), shape: [bRows, size] },
        },
        { out: { data: out, shape: [aRows, bRows] } },
      )
      return Float64Array.from(out)
    },
    setCombination: async (target, targetRows, coefficients, basis, basisRows) => {
      await set.run(
        {
          c: { data: Float32Array.from(coefficients), shape: [targetRows, basisRows] },
          b: { data: float32(basis, basisRows), shape: [basisRows, size] },
        },
        { out: { data: float32(target, targetRows), shape: [targetRows, size] } },
      )
    },
    addCombination: async (target, targetRows, coefficients, basis, basisRows) => {
      // The runtime may not write where it reads, so the sum lands beside and is copied back.
      const sum = scratchFor(targetRows)
      await added.run(
        {
          t: { data: float32(target, targetRows), shape: [targetRows, size] },
          c: { data: Float32Array.from(coefficients), shape: [targetRows, basisRows] },
          b: { data: float32(basis, basisRows), shape: [basisRows, size] },
        },
        { out: { data: sum, shape: [targetRows, size] } },
      )
      target.set(sum)
    },
    release: async () => {
      for (const session of sessions) await session.release()
    },
  }
}
