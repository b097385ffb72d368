import { ShapeError } from '#base'
import type { BlockAlgebra } from '#tensor/runtime'
import { LbfgsMemory, type PairPolicy } from './lbfgs-memory.ts'
import type { ObjectiveValue } from './newton-objective.ts'

/** Numbers at the end of the state: count and next row of the memory, whether the rest holds, the loss, ‖∇L‖₁. */
const numberCount = 5

/** All that L-BFGS keeps between steps, in one vector. */
export class LbfgsState {
  readonly memory: LbfgsMemory
  /** ∇L at the parameters where `value` is known. */
  readonly gradient: Float32Array
  readonly #flat: Float32Array
  readonly #numbers: Float32Array

  constructor(algebra: BlockAlgebra, size: number, capacity: number, policy: PairPolicy) {
    const rows = 2 * capacity * size
    this.#flat = new Float32Array(rows + size + numberCount)
    this.memory = new LbfgsMemory(algebra, this.#flat.subarray(0, rows), capacity, policy)
    this.gradient = this.#flat.subarray(rows, rows + size)
    this.#numbers = this.#flat.subarray(rows + size)
  }

  /** The value at the parameters on the batch of the last step, if a step has left it. */
  get value(): ObjectiveValue | null {
    const [, , isKnown, loss, absoluteSum] = this.#numbers
    return isKnown === 1 ? { loss: loss!, absoluteSum: absoluteSum! } : null
  }

  /** Takes gradient and value at the parameters as a step leaves them. */
  remember(gradient: Float32Array, { loss, absoluteSum }: ObjectiveValue): void {
    this.gradient.set(gradient)
    this.#numbers.set([1, loss, absoluteSum], 2)
  }

  /** The parameters are new, and nothing was evaluated there on a whole batch. */
  forget(): void {
    this.#numbers.fill(0, 2)
  }

  /** As one vector that later steps write into. */
  read(): Float32Array {
    this.#numbers.set([this.memory.count, this.memory.next])
    return this.#flat
  }

  /** @throws ShapeError if the size is another. */
  check(saved: Float32Array): void {
    if (saved.length === this.#flat.length) return
    throw new ShapeError('saved optimizer state', `[${this.#flat.length}]`, [saved.length])
  }

  /** Goes on from a saved vector. */
  async restore(saved: Float32Array): Promise<void> {
    this.check(saved)
    this.#flat.set(saved)
    const [count, next] = this.#numbers
    await this.memory.restore(count!, next!)
  }
}
