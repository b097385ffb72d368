import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { encodeNpz } from '#learn/datasets'
import { openTestLab, temporaryFolder } from '../../hosts/support/test-lab.ts'

/** An .npz with x `[rows, 2]` and y. */
function dataFile(x: number[], y: number[]): string {
  const path = join(temporaryFolder(), 'data.npz')
  const arrays = new Map([
    ['x', { dtype: 'float64' as const, shape: [x.length / 2, 2], data: Float64Array.from(x) }],
    ['y', { dtype: 'float64' as const, shape: [y.length], data: Float64Array.from(y) }],
  ])
  writeFileSync(path, encodeNpz(arrays))
  return path
}

describe('runs.create', () => {
  test.each([
    ['a NaN', [1, 2, 3, NaN], [0, 1], /NaN in x at row 1, column 1 of .*data.npz/],
    ['a wrong shape', [1, 2, 3, 4], [0], /must have shape \[2\], got \[1\]/],
    ['a label that is none', [1, 2, 3, 4], [0, 0.5], /label must be an integer.*row 1/],
  ])('refuses %s in the data by name and stores no run', async (_, x, y, message) => {
    const lab = openTestLab()
    const spec = { data: { kind: 'file', path: dataFile(x, y) } }
    await expect(async () => lab.handlers['runs.create']({ spec })).rejects.toThrow(message)
    expect(await lab.handlers['runs.list']({ limit: 10, offset: 0 })).toMatchObject({ total: 0 })
  })
})
