import { InputError, monotonicMs, StoppedError } from '#base'
import type { Vector } from '#geometry/operators'

/** How far an iteration is: from it, it goes on as if nothing had happened, bit by bit. */
export interface SolverState {
  /** Plain data that JSON gives back unchanged. */
  readonly header: unknown
  readonly rows: number
  /** `[rows, n]`. */
  readonly vectors: Vector
}

/** How an iteration goes on after an interruption. */
export interface ResumeOptions {
  /** A state of an iteration with the same operator and settings, to go on from. */
  readonly saved?: SolverState | undefined
  /** Where the state goes, every so many milliseconds and before a stop by the signal. */
  readonly onState?:
    { readonly everyMs: number; readonly save: (state: SolverState) => Promise<void> } | undefined
}

/** What an iteration depends on beside its operator's values, by name; a state goes on only where this is the same. */
export type StateOrigin = Readonly<Record<string, number | string>>

/**
 * The header of a state, if it belongs to an iteration.
 *
 * What is beside the origin, its `of`, is trusted: the iteration wrote it.
 *
 * @throws InputError naming what differs.
 */
export function requireState({ header, rows, vectors }: SolverState, of: StateOrigin): unknown {
  const found = (header as { readonly of?: StateOrigin } | null)?.of
  for (const [name, value] of Object.entries(of)) {
    if (found?.[name] !== value) {
      throw new InputError(
        'saved',
        `saved is of another measurement: its ${name} is ${String(found?.[name])}, this one's ${value}`,
      )
    }
  }
  const size = Number(of['size'])
  if (vectors.length !== rows * size) {
    throw new InputError(
      'saved',
      `saved must hold ${rows} vectors of ${size} numbers, got ${vectors.length} numbers`,
    )
  }
  return header
}

/** Gives an iteration's state away when it is time, and when the iteration is stopped. */
export class StateSaver {
  readonly #onState: ResumeOptions['onState']
  readonly #capture: () => SolverState
  #savedAt = monotonicMs()

  /** @param capture - The state as of the last {@link pause}, or a later moment that is as good; holds copies. */
  constructor(onState: ResumeOptions['onState'], capture: () => SolverState) {
    this.#onState = onState
    this.#capture = capture
  }

  /** Between two steps of the iteration. */
  async pause(): Promise<void> {
    if (this.#onState === undefined || monotonicMs() - this.#savedAt < this.#onState.everyMs) return
    await this.#onState.save(this.#capture())
    this.#savedAt = monotonicMs()
  }

  /** Runs an iteration; where it is stopped, its state goes first. */
  async run<T>(iterate: () => Promise<T>): Promise<T> {
    try {
      return await iterate()
    } catch (error) {
      if (error instanceof StoppedError) await this.#onState?.save(this.#capture())
      throw error
    }
  }
}
