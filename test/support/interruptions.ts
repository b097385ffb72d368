import { expect } from 'vitest'
import type { ResumeOptions, SolverState } from '#geometry/spectral'

type Hooks = Pick<ResumeOptions, 'onState'> & {
  readonly signal?: AbortSignal
  readonly onProgress?: (products: number) => void
}

/** A state as a file would give it back. */
export const stored = ({ header, rows, vectors }: SolverState): SolverState => ({
  header: JSON.parse(JSON.stringify(header)) as unknown,
  rows,
  vectors: vectors.slice(),
})

/** Runs a solver until `stopAt` products were made, and gives the one state that was saved when it stopped. */
export async function interrupt(
  solve: (hooks: Hooks) => Promise<unknown>,
  stopAt: number,
): Promise<SolverState> {
  const controller = new AbortController()
  const states: SolverState[] = []
  const stopped = solve({
    signal: controller.signal,
    onProgress: (products) => {
      if (products >= stopAt) controller.abort()
    },
    onState: {
      everyMs: Infinity,
      save: (state) => {
        states.push(stored(state))
        return Promise.resolve()
      },
    },
  })
  await expect(stopped).rejects.toThrow('stopped on request')
  expect(states).toHaveLength(1)
  return states[0]!
}

/** Runs a solver to its end, and gives all states, as many as there are. */
export async function collectStates(
  solve: (hooks: Hooks) => Promise<unknown>,
): Promise<SolverState[]> {
  const states: SolverState[] = []
  await solve({
    onState: {
      everyMs: 0,
      save: (state) => {
        states.push(stored(state))
        return Promise.resolve()
      },
    },
  })
  return states
}
