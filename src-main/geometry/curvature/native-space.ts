import { invariant } from '#base'
import type { RowStore, Vector, VectorSpace } from '#geometry/operators'
import {
  availableMemory,
  FilePanels,
  MemoryPanels,
  onnxRuntime,
  scratchFolder,
  type BlockAlgebra,
  type Runtime,
} from '#tensor/runtime'
import { panelRows, type RowPanel } from './row-panels.ts'

/** A {@link VectorSpace} in float32 whose every operation is one call into the native runtime. */
export interface NativeSpace extends VectorSpace {
  /** Frees the sessions, all stores of rows and the memory of the last one, which the space keeps for the next. */
  release(): Promise<void>
}

/** How a native space uses memory. */
export interface NativeSpaceOptions {
  /**
   * Bytes that stores of rows may take in memory, all together; what exceeds them lies in files.
   * @default half of what is available when the space is made
   */
  readonly residentBytes?: number | undefined
  /** Where those files lie. @default the system's folder for temporary files */
  readonly scratch?: string | undefined
  /** Columns of a panel. @default 2¹⁷ */
  readonly panelWidth?: number | undefined
}

/**
 * Columns of a panel. Against 100 rows of 669,706 entries panels of 2¹⁷ cost nothing (8.8 ms for Q·w and 9.3 for c·Q, whole
 * 8.8 and 9.7), 2¹⁵ a sixth; a sum of 2¹⁷ squares in float32 is right to 10⁻⁶, one of 3·10⁷ to 3·10⁻³.
 */
const defaultPanelWidth = 2 ** 17

/** Powers of two that bring squares back into float32's range; a product by them is exact. */
const rescaling = 2 ** 96

/** Mean square below which entries' squares may have been lost to underflow. */
const smallestSquare = 2 ** -100

/**
 * Memory of the last store that lay in memory whole, for the next one of its capacity: its rows are written into pages that are there
 * (669,706 entries in 0.4 ms, into new ones in 0.8), and the old ones need not be given back. It counts as taken.
 */
interface SparePanels {
  readonly capacity: number
  readonly panels: readonly Float32Array[]
  readonly bytes: number
}

/** Vector algebra on R^n by a runtime's block algebra. */
export async function createNativeSpace(
  size: number,
  runtime: Runtime = onnxRuntime(),
  options: NativeSpaceOptions = {},
): Promise<NativeSpace> {
  const panelWidth = Math.min(size, options.panelWidth ?? defaultPanelWidth)
  const algebras = new Map<number, Promise<BlockAlgebra>>()
  const algebraOf = (length: number): Promise<BlockAlgebra> => {
    const made = algebras.get(length) ?? runtime.createBlockAlgebra(length)
    algebras.set(length, made)
    return made
  }
  const algebra = await algebraOf(size)
  const stores = new Set<RowStore>()
  let spare: SparePanels | null = null
  let residentLeft = options.residentBytes ?? availableMemory() / 2

  const float32 = (vector: Vector, rows: number): Float32Array => {
    invariant(vector instanceof Float32Array, 'a native space holds float32 vectors')
    return vector.subarray(0, rows * size)
  }
  const combine =
    (isAdded: boolean): VectorSpace['addCombination'] =>
    (target, targetRows, coefficients, basis, basisRows) =>
      algebra.combine(
        float32(target, targetRows),
        targetRows,
        coefficients,
        float32(basis, basisRows),
        basisRows,
        isAdded,
      )
  const widths = Array.from({ length: Math.ceil(size / panelWidth) }, (_, i) =>
    Math.min(panelWidth, size - i * panelWidth),
  )

  /** Σ (factor·x)², piece by piece. */
  const scaledSquare = async (v: Float32Array, factor: number): Promise<number> => {
    const scratch = new Float32Array(panelWidth)
    const coefficient = Float64Array.of(factor)
    let total = 0
    for (const [i, width] of widths.entries()) {
      const panelAlgebra = await algebraOf(width)
      const piece = v.subarray(i * panelWidth, i * panelWidth + width)
      const scaled = scratch.subarray(0, width)
      await panelAlgebra.combine(scaled, 1, coefficient, piece, 1, false)
      const [square] = await panelAlgebra.innerProducts(scaled, 1, scaled, 1)
      total += square!
    }
    return total
  }

  const createRows = async (capacity: number): Promise<RowStore> => {
    const rowBytes = 4 * capacity
    const reused = spare?.capacity === capacity ? spare.panels : undefined
    residentLeft += spare?.bytes ?? 0
    spare = null
    let resident = 0
    while (resident < widths.length && residentLeft >= rowBytes * widths[resident]!) {
      residentLeft -= rowBytes * widths[resident]!
      resident += 1
    }
    const taken = rowBytes * widths.slice(0, resident).reduce((sum, width) => sum + width, 0)
    const memory = new MemoryPanels(widths.slice(0, resident), capacity, reused)
    const file =
      resident === widths.length
        ? memory
        : await FilePanels.create(
            options.scratch ?? scratchFolder(),
            widths.slice(resident),
            capacity,
          )
    const panels = await Promise.all(
      widths.map(async (width, i): Promise<RowPanel> => {
        const isResident = i < resident
        return {
          from: i * panelWidth,
          width,
          algebra: await algebraOf(width),
          storage: isResident ? memory : file,
          index: isResident ? i : i - resident,
        }
      }),
    )
    const rows = panelRows(panels, capacity)
    const store: RowStore = {
      ...rows,
      release: async () => {
        if (!stores.delete(store)) return
        if (file === memory) {
          residentLeft += spare?.bytes ?? 0
          spare = { capacity, panels: memory.yieldPanels(), bytes: taken }
          return
        }
        residentLeft += taken
        await rows.release()
      },
    }
    stores.add(store)
    return store
  }

  return {
    size,
    epsilon: 2 ** -23,
    allocate: (rows) => new Float32Array(rows * size),
    innerProducts: (a, aRows, b, bRows) =>
      algebra.innerProducts(float32(a, aRows), aRows, float32(b, bRows), bRows),
    setCombination: combine(false),
    addCombination: combine(true),
    norm: async (v) => {
      const vector = float32(v, 1)
      const [square] = await algebra.innerProducts(vector, 1, vector, 1)
      if (Number.isNaN(square)) return Number.NaN
      if (Number.isFinite(square) && square! >= size * smallestSquare) return Math.sqrt(square!)
      const factor = Number.isFinite(square) ? rescaling : 1 / rescaling
      return Math.sqrt(await scaledSquare(vector, factor)) / factor
    },
    createRows,
    release: async () => {
      for (const store of [...stores]) await store.release()
      spare = null
      for (const made of algebras.values()) await (await made).release()
    },
  }
}
