import { describe, expect, test } from 'vitest'
import { freshStopState, judgeEvaluation, judgeStep, type StopRules } from '#learn/training'

/** What ends a training whose evaluations give these losses, and at which of them. */
function endOf(rules: StopRules, train: readonly number[], watched = train) {
  let state = freshStopState
  for (const [i, loss] of train.entries()) {
    const judged = judgeEvaluation(rules, state, { train: loss, watched: watched[i]! })
    state = judged.state
    if (judged.reason !== null) return [judged.reason, i]
  }
  return null
}

describe('judgeEvaluation', () => {
  test('without rules nothing ends training', () => {
    expect(endOf({}, [1, 1e9, 0, 0, 0])).toBeNull()
  })

  test('the target is met at or below it, on the training loss', () => {
    expect(endOf({ targetLoss: 0.5 }, [1, 0.6, 0.5, 0.4])).toEqual(['target-loss', 2])
    expect(endOf({ targetLoss: 0.5 }, [1, 1], [0, 0])).toBeNull()
  })

  test('a plateau counts evaluations since the best watched loss; an equal one is no better', () => {
    expect(endOf({ patience: 2 }, [9, 8, 7, 6, 5], [3, 2, 2, 2.5, 1])).toEqual(['plateau', 3])
    expect(endOf({ patience: 3 }, [9, 8, 7, 6, 5], [3, 2, 2, 2.5, 1])).toBeNull()
  })

  test('divergence is relative to the first training loss', () => {
    expect(endOf({ divergence: 10 }, [2, 19, 20, 1])).toEqual(['divergence', 2])
  })

  test('says which evaluations are the best so far', () => {
    let state = freshStopState
    const best = [3, 4, 2, 2, 1].map((watched) => {
      const judged = judgeEvaluation({}, state, { train: 1, watched })
      state = judged.state
      return judged.isBest
    })
    expect(best).toEqual([true, false, true, false, true])
  })

  test('goes on from a state that went through JSON', () => {
    const first = judgeEvaluation({ patience: 1 }, freshStopState, { train: 1, watched: 1 })
    const saved = JSON.parse(JSON.stringify(first.state)) as typeof first.state
    expect(judgeEvaluation({ patience: 1 }, saved, { train: 1, watched: 1 }).reason).toBe('plateau')
  })
})

describe('judgeStep', () => {
  test.each([
    [{}, 10 ** 9, 1e12, null],
    [{ maxSteps: 5 }, 4, 0, null],
    [{ maxSteps: 5 }, 5, 0, 'steps'],
    [{ maxSeconds: 2 }, 1, 1999, null],
    [{ maxSeconds: 2 }, 1, 2000, 'seconds'],
  ] as const)('%o at step %i after %i ms: %s', (rules, step, elapsedMs, expected) => {
    expect(judgeStep(rules, step, elapsedMs)).toBe(expected)
  })
})
