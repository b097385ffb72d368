import { expect, test } from 'vitest'
import { createStream } from '#base'
import { createNativeSpace } from '#geometry/curvature'
import type { LinearOperator } from '#geometry/operators'
import { measureSchema, type MeasureSpec } from '#shared/schemas'
import { measureEvolution } from '../../../../src-main/lab/experiments/measures/evolution.ts'
import type { MeasureSite } from '../../../../src-main/lab/experiments/measures/site.ts'
import { diagonalOperator } from '../../../support/spectra-operators.ts'

const size = 20
const evolution = measureSchema.parse({ kind: 'evolution', top: 3, blockSize: 1 }) as Extract<
  MeasureSpec,
  { kind: 'evolution' }
>

/** The operator until `isGone`; then its vectors are not to be touched. */
function lent(operator: LinearOperator, isGone: () => boolean): LinearOperator {
  const space = new Proxy(operator.space, {
    get: (target, name, receiver): unknown => {
      if (isGone()) throw new Error(`${String(name)} of a matrix that is gone`)
      return Reflect.get(target, name, receiver)
    },
  })
  return { ...operator, space }
}

test('an evolution keeps to the matrix at hand, down to what chance has', async () => {
  const space = await createNativeSpace(size)
  let asked = 0
  const at = (step: number): Promise<MeasureSite> => {
    asked += 1
    const own = asked
    // λ of the leading one grows from step to step.
    const values = Array.from({ length: size }, (_, i) => (i === 0 ? 5 + step : 2 / (i + 1)))
    const facts = {
      index: 0,
      seed: 1,
      step,
      parameterCount: size,
      sampleCount: 1,
      operator: 'hessian',
      size: null,
      tensors: null,
      split: 'training',
    } as const
    return Promise.resolve({
      facts,
      operator: lent(diagonalOperator(values, space), () => own !== asked),
      layout: null,
      classCount: 3,
      streamOf: (name) => createStream(1, name),
      dense: () => Promise.reject(new Error('not asked for')),
      withoutGroup: () => Promise.reject(new Error('not asked for')),
      gradient: () => Promise.resolve(new Float32Array(size).fill(1)),
    })
  }
  const document = await measureEvolution(evolution, { steps: [0, 5, 9], at })
  expect(document).toMatchObject({ status: 'converged', step: 9, dimension: 3 })
  expect(document.rows.map(({ top }) => Math.round(top[0]!.value))).toEqual([5, 10, 14])
  // One vector in the span of three out of twenty.
  expect(document.chance.gradientShare).toBeCloseTo(3 / size, 12)
  for (const { gradientShare } of document.rows) expect(gradientShare).toBeCloseTo(3 / size, 3)
  await space.release()
})
