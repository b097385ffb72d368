import { loadBlockKernels, releaseBlockKernels, type BlockKernels } from './block-kernels.ts'
import type { BlockAlgebra } from './runtime.ts'
import type { Argument, SessionOptions } from './session.ts'

/**
 * Entries summed in float32 before float64 takes over. ONNX Runtime adds up a long product block after block into
 * one float32: of 669,706 squares it loses 6.5·10⁻⁶, of 3.2·10⁷ 0.3 %, of 2.5·10⁸ 5 %. Cut into chunks of
 * 4,096 the loss stays at 3·10⁻⁷ whatever the length, and the sum is no slower.
 */
const chunkEntries = 2 ** 12

/** Entries up to which one product over several rows is right to about 10⁻⁶; longer rows are cut into panels. */
const panelEntries = 2 ** 17

/** Entries of one vector in a call: far below 2³¹, where 32-bit counts in the runtime would end. */
const largestCall = 2 ** 27

/** Rows from which the matrix-vector kernel is faster than the one for few rows. */
const matrixVectorRows = 8

/**
 * Rows of a basis that one product for several targets reads; of more than {@link fewRows} it packs narrow pieces, which memory gives
 * slowly: 100 rows of 2¹⁷ entries for 2 targets take 14 ms a 5 panels in three products and 17 to 25 in one, 200 for 8 take 72
 * and 130.
 */
const packedRows = 48

/** Rows that one product still reads well. */
const fewRows = 60

/** Columns `[from, to)` of a small matrix. */
const columnsOf = (data: Float32Array, columns: number, from: number, to: number): Float32Array =>
  Float32Array.from(
    { length: (data.length / columns) * (to - from) },
    (_, i) => data[Math.floor(i / (to - from)) * columns + from + (i % (to - from))]!,
  )

const matrix = (data: Float32Array, rows: number, columns: number): Argument => ({
  data,
  shape: [rows, columns],
})

/** ⟨aᵢ, bⱼ⟩ in one call; right for rows of up to a panel's length. */
async function directProducts(
  kernels: BlockKernels,
  a: Float32Array,
  aRows: number,
  b: Float32Array,
  bRows: number,
): Promise<Float32Array> {
  const size = a.length / aRows
  const out = new Float32Array(aRows * bRows)
  if (aRows === 1 && bRows >= matrixVectorRows) {
    await kernels.matrixVector.run(
      { a: matrix(b, bRows, size), b: matrix(a, size, 1) },
      { out: matrix(out, bRows, 1) },
    )
  } else {
    await kernels.products.run(
      { a: matrix(a, aRows, size), b: matrix(b, bRows, size) },
      { out: matrix(out, aRows, bRows) },
    )
  }
  return out
}

/** ⟨a, b⟩ of two vectors of any length. */
async function chunkedProduct(
  kernels: BlockKernels,
  a: Float32Array,
  b: Float32Array,
): Promise<number> {
  let total = 0
  for (let from = 0; from < a.length;) {
    const rest = Math.min(a.length - from, largestCall)
    const chunks = Math.max(1, Math.floor(rest / chunkEntries))
    const entries = Math.min(rest, chunkEntries)
    const to = from + chunks * entries
    const shape = [chunks, 1, entries]
    const out = new Float64Array(1)
    await kernels.chunked.run(
      { a: { data: a.subarray(from, to), shape }, b: { data: b.subarray(from, to), shape } },
      { out: { data: out, shape: [] } },
    )
    total += out[0]!
    from = to
  }
  return total
}

/** Copies columns `[from, to)` of row vectors of `size` entries side by side. */
function gatherColumns(
  source: Float32Array,
  rows: number,
  size: number,
  from: number,
  to: number,
  target: Float32Array,
): Float32Array {
  const width = to - from
  for (let row = 0; row < rows; row += 1) {
    target.set(source.subarray(row * size + from, row * size + to), row * width)
  }
  return target.subarray(0, rows * width)
}

/** ⟨aᵢ, bⱼ⟩ over panels of columns, copied together so that each is one matrix product. */
async function panelProducts(
  kernels: BlockKernels,
  a: Float32Array,
  aRows: number,
  b: Float32Array,
  bRows: number,
): Promise<Float64Array> {
  const size = a.length / aRows
  const [left, right] = [aRows, bRows].map((rows) => new Float32Array(rows * panelEntries))
  const total = new Float64Array(aRows * bRows)
  for (let from = 0; from < size; from += panelEntries) {
    const to = Math.min(from + panelEntries, size)
    const part = await directProducts(
      kernels,
      gatherColumns(a, aRows, size, from, to, left!),
      aRows,
      gatherColumns(b, bRows, size, from, to, right!),
      bRows,
    )
    part.forEach((value, i) => (total[i]! += value))
  }
  return total
}

/**
 * {@link BlockAlgebra} as matrix products of ONNX Runtime.
 *
 * Sums over long rows go through float64 ({@link chunkEntries}); results are written in place. Blocks of
 * more than 2³⁰ entries are worked on row by row.
 *
 * @param largestBlock - Entries of a block that a call takes whole.
 */
export async function createOnnxBlockAlgebra(
  size: number,
  options: SessionOptions,
  largestBlock = 2 ** 30,
): Promise<BlockAlgebra> {
  const kernels = await loadBlockKernels(options)
  const row = (block: Float32Array, i: number): Float32Array =>
    block.subarray(i * size, (i + 1) * size)
  // Of 669,706 entries 0.8 ms where nothing was written to the target before; as a matrix product 11.
  const scaleCall = (target: Float32Array, factor: Float32Array, v: Float32Array): Promise<void> =>
    kernels.scaled.run(
      { v: { data: v, shape: [v.length] }, factor: { data: factor, shape: [1] } },
      { out: { data: target, shape: [v.length] } },
    )
  const productCall = async (
    target: Float32Array,
    coefficients: Float32Array,
    basis: Float32Array,
    basisRows: number,
    isAdded: boolean,
  ): Promise<void> => {
    const targetRows = coefficients.length / basisRows
    const width = basis.length / basisRows
    const t = matrix(target, targetRows, width)
    const operands = {
      c: matrix(coefficients, targetRows, basisRows),
      b: matrix(basis, basisRows, width),
    }
    // Gemm copies its third operand to the result first, so target may be both: no block beside, no copy back.
    return isAdded
      ? kernels.add.run({ ...operands, t }, { out: t })
      : kernels.set.run(operands, { out: t })
  }
  const combineCall = async (
    target: Float32Array,
    coefficients: Float32Array,
    basis: Float32Array,
    basisRows: number,
    isAdded: boolean,
  ): Promise<void> => {
    if (coefficients.length === 1 && !isAdded) return scaleCall(target, coefficients, basis)
    if (coefficients.length === basisRows || basisRows <= fewRows) {
      return productCall(target, coefficients, basis, basisRows, isAdded)
    }
    const width = basis.length / basisRows
    const pieces = Math.ceil(basisRows / packedRows)
    for (let i = 0; i < pieces; i += 1) {
      const from = Math.floor((i * basisRows) / pieces)
      const to = Math.floor(((i + 1) * basisRows) / pieces)
      const factors = columnsOf(coefficients, basisRows, from, to)
      const rows = basis.subarray(from * width, to * width)
      await productCall(target, factors, rows, to - from, isAdded || i > 0)
    }
  }

  return {
    innerProducts: async (a, aRows, b, bRows) => {
      if (size <= panelEntries && aRows * bRows > 1) {
        return Float64Array.from(await directProducts(kernels, a, aRows, b, bRows))
      }
      if (aRows > 1 && bRows > 1) return panelProducts(kernels, a, aRows, b, bRows)
      const result = new Float64Array(aRows * bRows)
      for (let i = 0; i < result.length; i += 1) {
        result[i] = await chunkedProduct(
          kernels,
          aRows === 1 ? a : row(a, i),
          bRows === 1 ? b : row(b, i),
        )
      }
      return result
    },
    combine: async (target, targetRows, coefficients, basis, basisRows, isAdded) => {
      const c = Float32Array.from(coefficients)
      if (Math.max(targetRows, basisRows) * size <= largestBlock) {
        return combineCall(target, c, basis, basisRows, isAdded)
      }
      const piece = Math.min(largestCall, largestBlock)
      for (let i = 0; i < targetRows; i += 1) {
        for (let j = 0; j < basisRows; j += 1) {
          const factor = c.subarray(i * basisRows + j, i * basisRows + j + 1)
          const [to, by] = [row(target, i), row(basis, j)]
          for (let from = 0; from < size; from += piece) {
            await combineCall(
              to.subarray(from, from + piece),
              factor,
              by.subarray(from, from + piece),
              1,
              isAdded || j > 0,
            )
          }
        }
      }
    },
    release: () => releaseBlockKernels(kernels),
  }
}
