/** Blocks begin at multiples of this. */
const granule = 256

/** A free rest this large is always cut off; smaller ones only if they are as large as what is taken. */
const largestRest = 2 ** 27

/** First region of an arena; each further one is twice as large, or as large as it must be. */
const firstRegion = 2 ** 20

/** A block of the arena. */
export interface Chunk {
  readonly region: number
  readonly from: number
  readonly size: number
}

/**
 * ONNX Runtime's arena for the processor (1.30): regions of doubling size, blocks from the smallest free chunk that
 * holds them, neighbors joined when they are freed. It gives nothing back, so that what was touched once stays resident.
 */
export class ArenaModel {
  /** Bytes touched so far in each region. */
  readonly #touched: number[] = []
  #free: Chunk[] = []
  #nextRegion = firstRegion

  /** Bytes that are resident on its behalf. */
  get resident(): number {
    return this.#touched.reduce((sum, bytes) => sum + bytes, 0)
  }

  /** Takes a block, of which `bytes` are written. */
  take(bytes: number): Chunk {
    const wanted = Math.ceil(bytes / granule) * granule
    const chunk = this.#best(wanted) ?? this.#extend(wanted)
    this.#free = this.#free.filter((other) => other !== chunk)
    const { region, from, size } = chunk
    this.#touched[region] = Math.max(this.#touched[region]!, from + wanted)
    const rest = size - wanted
    if (size < 2 * wanted && rest < largestRest) return chunk
    this.#free.push({ region, from: from + wanted, size: rest })
    return { region, from, size: wanted }
  }

  /** Gives a block back. */
  give(chunk: Chunk): void {
    const isBeside = (other: Chunk): boolean =>
      other.region === chunk.region &&
      (other.from + other.size === chunk.from || chunk.from + chunk.size === other.from)
    const joined = [chunk, ...this.#free.filter(isBeside)]
    this.#free = this.#free.filter((other) => !isBeside(other))
    this.#free.push({
      region: chunk.region,
      from: Math.min(...joined.map(({ from }) => from)),
      size: joined.reduce((sum, { size }) => sum + size, 0),
    })
  }

  #best(wanted: number): Chunk | null {
    return this.#free.reduce<Chunk | null>((best, chunk) => {
      if (chunk.size < wanted) return best
      const isBetter =
        best === null ||
        chunk.size < best.size ||
        (chunk.size === best.size &&
          (chunk.region < best.region || (chunk.region === best.region && chunk.from < best.from)))
      return isBetter ? chunk : best
    }, null)
  }

  #extend(wanted: number): Chunk {
    while (this.#nextRegion < wanted) this.#nextRegion *= 2
    const chunk = { region: this.#touched.length, from: 0, size: this.#nextRegion }
    this.#nextRegion *= 2
    this.#touched.push(0)
    this.#free.push(chunk)
    return chunk
  }
}
