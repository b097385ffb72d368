import { randomUUID } from 'node:crypto'
import { readSync, rmSync } from 'node:fs'
import { open, statfs, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InputError } from '#base'
import { formatBytes } from './memory-budget.ts'

/** Where the rows of a tall block lie, cut into panels of columns: panel p is `[rows, width(p)]`. */
export interface PanelStorage {
  /**
   * The first `rows` rows of a panel, row-major.
   *
   * @returns A buffer that holds until the next call; not to be written.
   */
  load(panel: number, rows: number): Promise<Float32Array>
  /** Where one row of a panel lies in memory, to be written, `[width]`; null where it lies elsewhere: then {@link save}. */
  place(panel: number, row: number): Float32Array | null
  /** Replaces rows of a panel from `firstRow` on. */
  save(panel: number, firstRow: number, data: Float32Array): Promise<void>
  /** Copies one row of a panel into `target`, `[width]`. */
  read(panel: number, row: number, target: Float32Array): void
  release(): Promise<void>
}

/** Where files go if nobody says. */
export const scratchFolder = (): string => tmpdir()

/**
 * Bytes free on the disk of a folder.
 *
 * @throws InputError if it is not there.
 */
export async function freeScratch(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch (cause) {
    throw new InputError('scratch folder', `the scratch folder ${folder} cannot be read`, { cause })
  }
}

/** Panels in memory. */
export class MemoryPanels implements PanelStorage {
  #panels: readonly Float32Array[]
  readonly #widths: readonly number[]

  /**
   * @param widths - Columns of each panel.
   * @param panels - What another one of these sizes gave up by {@link yieldPanels}; its rows hold what they held. Left out: zeros.
   */
  constructor(widths: readonly number[], capacity: number, panels?: readonly Float32Array[]) {
    this.#widths = widths
    this.#panels = panels ?? widths.map((width) => new Float32Array(capacity * width))
  }

  /** Gives its memory up; nothing can be read or written afterwards. */
  yieldPanels(): readonly Float32Array[] {
    const panels = this.#panels
    this.#panels = []
    return panels
  }

  load(panel: number, rows: number): Promise<Float32Array> {
    return Promise.resolve(this.#panels[panel]!.subarray(0, rows * this.#widths[panel]!))
  }

  place(panel: number, row: number): Float32Array {
    const width = this.#widths[panel]!
    return this.#panels[panel]!.subarray(row * width, (row + 1) * width)
  }

  save(panel: number, firstRow: number, data: Float32Array): Promise<void> {
    this.#panels[panel]!.set(data, firstRow * this.#widths[panel]!)
    return Promise.resolve()
  }

  read(panel: number, row: number, target: Float32Array): void {
    target.set(this.place(panel, row))
  }

  release(): Promise<void> {
    this.yieldPanels()
    return Promise.resolve()
  }
}

/** What is on its way from the file. */
interface Pending {
  readonly panel: number
  readonly rows: number
  readonly data: Promise<Float32Array>
}

const bytesPerEntry = 4

const bytesOf = (data: Float32Array): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

/**
 * Panels in a file, read one by one into two buffers that take turns: the next panel is read while the last
 * one is worked on.
 *
 * The file has no name from the moment it is open, so it is gone when it is closed, even by a crash.
 */
export class FilePanels implements PanelStorage {
  readonly #file: FileHandle
  readonly #widths: readonly number[]
  readonly #offsets: readonly number[]
  #buffers: [Float32Array, Float32Array]
  #pending: Pending | null = null

  private constructor(file: FileHandle, widths: readonly number[], capacity: number) {
    this.#file = file
    this.#widths = widths
    let offset = 0
    this.#offsets = widths.map((width) => {
      const start = offset
      offset += width * capacity * bytesPerEntry
      return start
    })
    const largest = Math.max(0, ...widths) * capacity
    // Pages that are never touched take no memory.
    this.#buffers = [new Float32Array(largest), new Float32Array(largest)]
  }

  /**
   * Opens a file in `folder`.
   *
   * @throws InputError if the folder cannot be written to or its disk has not enough room.
   */
  static async create(
    folder: string,
    widths: readonly number[],
    capacity: number,
  ): Promise<FilePanels> {
    const path = join(folder, `saddle-basis-${randomUUID()}`)
    const needed = bytesPerEntry * capacity * widths.reduce((sum, width) => sum + width, 0)
    let file: FileHandle
    try {
      file = await open(path, 'wx+')
    } catch (cause) {
      throw new InputError('scratch folder', `the scratch folder ${folder} cannot be written to`, {
        cause,
      })
    }
    rmSync(path)
    const free = await freeScratch(folder)
    if (free < needed) {
      await file.close()
      throw new InputError(
        'scratch folder',
        `the basis needs ${formatBytes(needed)} on disk, and ${folder} has ${formatBytes(free)}`,
      )
    }
    return new FilePanels(file, widths, capacity)
  }

  async load(panel: number, rows: number): Promise<Float32Array> {
    const pending = this.#pending
    const isExpected = pending !== null && pending.panel === panel && pending.rows === rows
    if (pending !== null && !isExpected) await pending.data
    const data = await (isExpected ? pending.data : this.#fetch(panel, rows))
    const next = (panel + 1) % this.#widths.length
    const ahead = this.#fetch(next, rows)
    // A failure is told to whoever comes for the data; until then it must not end the process.
    ahead.catch(() => undefined)
    this.#pending = { panel: next, rows, data: ahead }
    return data
  }

  place(): null {
    return null
  }

  async save(panel: number, firstRow: number, data: Float32Array): Promise<void> {
    // What is on its way may be what changes now.
    await this.#settle()
    const bytes = bytesOf(data)
    const start = this.#position(panel, firstRow)
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.#file.write(
        bytes,
        done,
        bytes.length - done,
        start + done,
      )
      done += bytesWritten
    }
  }

  read(panel: number, row: number, target: Float32Array): void {
    const bytes = bytesOf(target)
    const start = this.#position(panel, row)
    for (let done = 0; done < bytes.length;) {
      const count = readSync(this.#file.fd, bytes, done, bytes.length - done, start + done)
      if (count === 0) break
      done += count
    }
  }

  async release(): Promise<void> {
    await this.#settle()
    this.#buffers = [new Float32Array(0), new Float32Array(0)]
    await this.#file.close()
  }

  async #settle(): Promise<void> {
    await this.#pending?.data
    this.#pending = null
  }

  #position(panel: number, row: number): number {
    return this.#offsets[panel]! + row * this.#widths[panel]! * bytesPerEntry
  }

  /** Reads into the buffer that was given out longest ago. */
  async #fetch(panel: number, rows: number): Promise<Float32Array> {
    this.#buffers = [this.#buffers[1], this.#buffers[0]]
    const data = this.#buffers[0].subarray(0, rows * this.#widths[panel]!)
    const bytes = bytesOf(data)
    const start = this.#position(panel, 0)
    for (let done = 0; done < bytes.length;) {
      const { bytesRead } = await this.#file.read(bytes, done, bytes.length - done, start + done)
      // Beyond the end: rows that were never written.
      if (bytesRead === 0) {
        bytes.fill(0, done)
        break
      }
      done += bytesRead
    }
    return data
  }
}
