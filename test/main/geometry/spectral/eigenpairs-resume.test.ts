import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import { createNativeSpace } from '#geometry/curvature'
import type { LinearOperator } from '#geometry/operators'
import {
  extremeEigenpairs,
  type EigenpairsHeader,
  type EigenpairsOptions,
  type EigenpairsResult,
  type EigenpairsState,
} from '#geometry/spectral'
import { arithmetic } from '../../../support/matrices.ts'
import { diagonalOperator, float32Space } from '../../../support/spectra-operators.ts'

const values = [...arithmetic(0, 0.01, 150), 2, 2, 2.5, 3]
const options: EigenpairsOptions = {
  top: 4,
  bottom: 1,
  tolerance: 1e-5,
  maxProducts: 900,
  // Small, so that there are restarts before and after the lock.
  maxBasis: 30,
  blockSize: 1,
  stream: createStream(1, 'resume'),
}

/** Runs until `stopAt` products were made, and gives the state that was saved when it stopped, as a file would. */
async function interrupt(
  operator: LinearOperator,
  search: EigenpairsOptions,
  stopAt: number,
): Promise<EigenpairsState> {
  const controller = new AbortController()
  const states: EigenpairsState[] = []
  const stopped = extremeEigenpairs(operator, {
    ...search,
    signal: controller.signal,
    onProgress: (products) => {
      if (products >= stopAt) controller.abort()
    },
    onState: {
      everyMs: Number.POSITIVE_INFINITY,
      save: (state) => {
        states.push(state)
        return Promise.resolve()
      },
    },
  })
  await expect(stopped).rejects.toThrow('stopped on request')
  expect(states).toHaveLength(1)
  const [{ header, rows, vectors }] = states as [EigenpairsState]
  return {
    header: JSON.parse(JSON.stringify(header)) as EigenpairsHeader,
    rows,
    vectors: vectors.slice(),
  }
}

/** What is not a clock's. */
const factsOf = (result: EigenpairsResult) => ({ ...result, costPerProduct: null })

const size = values.length
const cases: readonly [string, number, () => LinearOperator][] = [
  ['float64', 1, () => diagonalOperator(values)],
  ['float64', 3, () => diagonalOperator(values)],
  ['float32', 1, () => diagonalOperator(values, float32Space(size))],
  ['float32', 2, () => diagonalOperator(values, float32Space(size))],
]

describe.each(cases)('in %s, blocks of %i', (_name, blockSize, create) => {
  test('an interrupted search goes on to the same bits, wherever it was', async () => {
    const search = { ...options, blockSize }
    const whole = await extremeEigenpairs(create(), search)
    expect(whole.status).toBe('converged')
    const last = whole.products - 5
    for (const at of [1, 2, 9, 31, 40, 57, Math.floor(0.7 * last), last - 1, last]) {
      const saved = await interrupt(create(), search, Math.min(at, last))
      const resumed = await extremeEigenpairs(create(), { ...search, saved })
      expect(factsOf(resumed)).toEqual(factsOf(whole))
    }
  })
})

test('also in the native runtime, and interrupted again and again', async () => {
  const space = await createNativeSpace(size)
  try {
    const A = diagonalOperator(values, space)
    const whole = await extremeEigenpairs(A, options)
    let saved: EigenpairsState | undefined
    for (let at = 11; at < whole.products - 5; at += 17) {
      saved = await interrupt(A, { ...options, saved }, at)
    }
    const resumed = await extremeEigenpairs(A, { ...options, saved })
    expect(factsOf(resumed)).toEqual(factsOf(whole))
  } finally {
    await space.release()
  }
})

test('states come as often as asked for, and change nothing', async () => {
  const A = diagonalOperator(values)
  let [count, locks] = [0, 0]
  const save = ({ header }: EigenpairsState): Promise<void> => {
    count += 1
    locks = header.rounds
    return Promise.resolve()
  }
  const plain = await extremeEigenpairs(A, options)
  const saving = await extremeEigenpairs(A, { ...options, onState: { everyMs: 0, save } })
  expect(factsOf(saving)).toEqual(factsOf(plain))
  // Before every step, and at the end; a lock takes a product to confirm what it locks.
  expect(count).toBe(plain.products - locks + 1)
})

test('a search that ran out of budget goes on with a larger one', async () => {
  const A = diagonalOperator(values)
  const whole = await extremeEigenpairs(A, options)
  const saved = await interrupt(A, { ...options, maxProducts: 60 }, 55)
  const resumed = await extremeEigenpairs(A, { ...options, saved })
  expect(factsOf(resumed)).toEqual(factsOf(whole))
})

describe('a state of another search is refused', () => {
  const stateOf = () => interrupt(diagonalOperator(values), options, 12)
  const resume = (saved: EigenpairsState, others: Partial<EigenpairsOptions> = {}, of = values) =>
    extremeEigenpairs(diagonalOperator(of), { ...options, ...others, saved })

  test('by the name of what differs', async () => {
    const saved = await stateOf()
    for (const [others, name] of [
      [{ top: 3 }, 'top is 4, this one’s 3'],
      [{ tolerance: 1e-4 }, 'tolerance is 0.00001, this one’s 0.0001'],
      [{ relativeTo: 'largest' }, 'relativeTo is own, this one’s largest'],
      [{ blockSize: 2 }, 'blockSize is 1, this one’s 2'],
      [{ maxBasis: 31 }, 'basis is 30, this one’s 31'],
      [{ stream: createStream(2, 'resume') }, 'stream is'],
    ] as const) {
      await expect(resume(saved, others)).rejects.toThrow(
        `saved is of another search: its ${name.replace('’', "'")}`,
      )
    }
    await expect(resume(saved, {}, values.slice(1))).rejects.toThrow(
      `saved is of another search: its size is ${size}, this one's ${size - 1}`,
    )
  })

  test('by its vectors', async () => {
    const saved = await stateOf()
    await expect(resume({ ...saved, vectors: saved.vectors.slice(1) })).rejects.toThrow(
      `saved must hold ${saved.rows} vectors of ${size} numbers, got ${saved.rows * size - 1} numbers`,
    )
  })
})
