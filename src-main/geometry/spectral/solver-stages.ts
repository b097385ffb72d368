import { monotonicMs } from '#base'
import type { Vector } from '#geometry/operators'
import {
  requireState,
  type ResumeOptions,
  type SolverState,
  type StateOrigin,
} from './solver-state.ts'

/** All of a state but the vectors of the stage at hand. */
interface StagesHeader {
  readonly of: StateOrigin
  /** What the stages gave that are done. */
  readonly done: readonly unknown[]
  /** The header of the stage at hand; null before its first state. */
  readonly current: unknown
}

/** A calculation that goes through solvers one after another: after an interruption the stages that are done are not run again. */
export class SolverStages {
  readonly #of: StateOrigin
  readonly #onState: ResumeOptions['onState']
  readonly #noVectors: Vector
  readonly #done: unknown[] = []
  #interrupted: SolverState | undefined
  #next = 0
  #savedAt = monotonicMs()

  /**
   * @param noVectors - Of the operator's space, with no rows.
   * @throws InputError if the saved state is of another calculation.
   */
  constructor(of: StateOrigin, { saved, onState }: ResumeOptions, noVectors: Vector) {
    this.#of = of
    this.#onState = onState
    this.#noVectors = noVectors
    if (saved === undefined) return
    const { done, current } = requireState(saved, of) as StagesHeader
    this.#done.push(...done)
    if (current !== null) this.#interrupted = { ...saved, header: current }
  }

  /** Runs the next stage from where it was, or gives what it gave: plain data that JSON gives back unchanged. */
  async run<Result>(stage: (resume: ResumeOptions) => Promise<Result>): Promise<Result> {
    const index = this.#next
    this.#next += 1
    if (index < this.#done.length) return this.#done[index] as Result
    const saved = this.#interrupted
    this.#interrupted = undefined
    const onState = this.#onState && {
      everyMs: this.#onState.everyMs,
      save: (state: SolverState) => this.#save(state, state.header),
    }
    const result = await stage({ saved, onState })
    this.#done.push(result)
    // Stages may each be shorter than the time between two states.
    if (this.#onState !== undefined && monotonicMs() - this.#savedAt >= this.#onState.everyMs) {
      await this.#save({ rows: 0, vectors: this.#noVectors }, null)
    }
    return result
  }

  async #save(vectors: Pick<SolverState, 'rows' | 'vectors'>, current: unknown): Promise<void> {
    const header: StagesHeader = { of: this.#of, done: [...this.#done], current }
    await this.#onState?.save({ ...vectors, header })
    this.#savedAt = monotonicMs()
  }
}
