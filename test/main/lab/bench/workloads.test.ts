import { describe, expect, it } from 'vitest'
import { standardWorkloads, workloadsNamed } from '#lab/bench'
import { sizeOf } from '#tensor/dense'
import { typecheckProgram } from '#tensor/program'
import { tinyWorkloads } from './tiny-workloads.ts'

describe('workloads', () => {
  it.each(tinyWorkloads.map((workload) => [workload.id, workload] as const))(
    'the loss of a %s takes the parameters of the layout, then the batch, and is a scalar',
    (_, workload) => {
      const { loss, layout, initialParameters, batch } = workload.create(0)
      typecheckProgram(loss)
      const shapes = loss.inputs.map(({ type }) => type.shape)
      expect(shapes.slice(0, layout.entries.length)).toEqual(
        layout.entries.map(({ shape }) => shape),
      )
      expect(initialParameters).toHaveLength(layout.size)
      expect(shapes.slice(layout.entries.length).map(sizeOf)).toEqual(
        batch.map((data) => data.length),
      )
      expect(loss.outputs[0]!.type).toEqual({ dtype: 'float32', shape: [] })
    },
  )

  it.each(tinyWorkloads.map((workload) => [workload.id, workload] as const))(
    'a %s is drawn from its seed alone',
    (_, workload) => {
      const { initialParameters, batch } = workload.create(3)
      expect(workload.create(3)).toMatchObject({ initialParameters, batch })
      expect(workload.create(4).initialParameters).not.toEqual(initialParameters)
    },
  )

  it('have the sizes that their names promise', () => {
    const counts = standardWorkloads.map((workload) => {
      const { layout, batch } = workload.create(0)
      return [workload.id, layout.size, batch[0]!.length]
    })
    expect(counts).toEqual([
      ['W1', 8_970, 128 * 64],
      ['W2', 669_706, 1024 * 784],
      ['W3', 35_632, 128 * 3 * 32 * 32],
      // 267,696 in 3x3 kernels, 2,560 in shortcuts, 1,568 scales and shifts, 650 of the head.
      ['W4', 272_474, 128 * 3 * 32 * 32],
      // 73,728 in tables and head, 198,272 a layer, 256 of the last norm.
      ['W5', 867_072, 32 * 64],
      ['W6', 49 * (128 * 128 + 128) + 1_290, 128 * 128],
    ])
  })

  it('are found by name in any case', () => {
    expect(workloadsNamed(['w6', 'W1']).map(({ id }) => id)).toEqual(['W1', 'W6'])
    expect(workloadsNamed([])).toEqual(standardWorkloads)
    expect(() => workloadsNamed(['W1', 'W9'])).toThrow(
      'no workload W9; there are W1, W2, W3, W4, W5, W6',
    )
  })
})
