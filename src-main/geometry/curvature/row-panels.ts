import { invariant } from '#base'
import type { RowStore, Vector } from '#geometry/operators'
import type { BlockAlgebra, PanelStorage } from '#tensor/runtime'

/**
 * Columns of a Gram matrix in one product with the rows from there on, as the others are known by symmetry: for 100 rows of five
 * panels of 2¹⁷ columns 49 ms, in columns of 32 55, all in one product 60.
 */
const gramRows = 64

/** One panel of columns `[from, from + width)`: what computes on it and where it lies. */
export interface RowPanel {
  readonly from: number
  readonly width: number
  readonly algebra: BlockAlgebra
  readonly storage: PanelStorage
  /** Its number within its storage. */
  readonly index: number
}

/**
 * Rows of R^n cut into panels of columns. Every operation goes from panel to panel, so that the sums over n are
 * short ones in float32 added up in float64, the piece of the vector at hand stays in the cache, and a panel
 * on disk passes through memory once.
 *
 * @param panels - In order; their widths add up to n.
 */
export function panelRows(panels: readonly RowPanel[], capacity: number): RowStore {
  const size = panels.reduce((sum, { width }) => sum + width, 0)
  const widest = Math.max(...panels.map(({ width }) => width))
  const piece = (v: Vector, { from, width }: RowPanel): Float32Array => {
    invariant(v instanceof Float32Array, 'a native space holds float32 vectors')
    return v.subarray(from, from + width)
  }
  const read = (index: number, target: Vector): void => {
    for (const panel of panels) panel.storage.read(panel.index, index, piece(target, panel))
  }
  const rowOf = (block: Vector, i: number): Vector => block.subarray(i * size, (i + 1) * size)
  let scratch = new Float32Array(widest)
  const scratchFor = (entries: number): Float32Array => {
    if (scratch.length < entries) scratch = new Float32Array(entries)
    return scratch.subarray(0, entries)
  }
  /** A panel's columns of a block side by side; of one vector, the piece itself. */
  const gather = (block: Vector, blockRows: number, panel: RowPanel): Float32Array => {
    if (blockRows === 1) return piece(block, panel)
    const pieces = scratchFor(blockRows * panel.width)
    for (let i = 0; i < blockRows; i += 1)
      pieces.set(piece(rowOf(block, i), panel), i * panel.width)
    return pieces
  }
  const scatter = (
    pieces: Float32Array,
    block: Vector,
    blockRows: number,
    panel: RowPanel,
  ): void => {
    for (let i = 0; i < blockRows; i += 1) {
      piece(rowOf(block, i), panel).set(pieces.subarray(i * panel.width, (i + 1) * panel.width))
    }
  }
  const writeScaled = async (
    { width, algebra, storage, index: at }: RowPanel,
    index: number,
    v: Float32Array,
    factor: number,
  ): Promise<void> => {
    const place = storage.place(at, index)
    const scaled = place ?? scratchFor(width)
    await algebra.combine(scaled, 1, Float64Array.of(factor), v, 1, false)
    if (place === null) await storage.save(at, index, scaled)
  }
  return {
    capacity,
    read,
    row: (index) => {
      const row = new Float32Array(size)
      read(index, row)
      return row
    },
    write: async (index, v, factor) => {
      for (const panel of panels) {
        if (factor === 1) await panel.storage.save(panel.index, index, piece(v, panel))
        else await writeScaled(panel, index, piece(v, panel), factor)
      }
    },
    innerProducts: async (block, blockRows, count) => {
      const total = new Float64Array(blockRows * count)
      for (const panel of panels) {
        const rows = await panel.storage.load(panel.index, count)
        const pieces = gather(block, blockRows, panel)
        const part = await panel.algebra.innerProducts(pieces, blockRows, rows, count)
        part.forEach((value, i) => (total[i]! += value))
      }
      return total
    },
    addTo: async (block, blockRows, coefficients, count) => {
      for (const panel of panels) {
        const rows = await panel.storage.load(panel.index, count)
        const pieces = gather(block, blockRows, panel)
        await panel.algebra.combine(pieces, blockRows, coefficients, rows, count, true)
        if (blockRows > 1) scatter(pieces, block, blockRows, panel)
      }
    },
    recombine: async (coefficients, rowCount, count) => {
      const combined = new Float32Array(rowCount * widest)
      for (const panel of panels) {
        const target = combined.subarray(0, rowCount * panel.width)
        const rows = await panel.storage.load(panel.index, count)
        await panel.algebra.combine(target, rowCount, coefficients, rows, count, false)
        await panel.storage.save(panel.index, 0, target)
      }
    },
    gram: async (count) => {
      const total = new Float64Array(count * count)
      for (const { storage, index, algebra, width } of panels) {
        const rows = await storage.load(index, count)
        for (let from = 0; from < count; from += gramRows) {
          const to = Math.min(from + gramRows, count)
          const below = rows.subarray(from * width)
          const block = rows.subarray(from * width, to * width)
          const part = await algebra.innerProducts(below, count - from, block, to - from)
          for (let i = from; i < count; i += 1) {
            for (let j = from; j < Math.min(to, i + 1); j += 1) {
              total[i * count + j]! += part[(i - from) * (to - from) + j - from]!
            }
          }
        }
      }
      for (let i = 0; i < count; i += 1) {
        for (let j = 0; j < i; j += 1) total[j * count + i] = total[i * count + j]!
      }
      return total
    },
    release: async () => {
      for (const storage of new Set(panels.map((panel) => panel.storage))) await storage.release()
    },
  }
}
