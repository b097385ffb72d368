import { describe, expect, it } from 'vitest'
import { experimentSchema } from '#shared/schemas'
import { describeApart } from '../../../src-main/entries/describe-apart.ts'

describe('describeApart', () => {
  it('brings back what the process of its own found', async () => {
    const spec = experimentSchema.parse({})
    expect(await describeApart(spec, 0)).toMatchObject({
      dataCard: { kind: 'digits', trainCount: 1438 },
      parameterCount: 3466,
    })
  })

  it('brings back an error with its code and subject', async () => {
    const spec = experimentSchema.parse({
      data: { kind: 'digits' },
      model: { kind: 'cnn', channels: [4, 4, 4, 4], strides: [1, 1, 1, 1] },
    })
    await expect(describeApart(spec, 0)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('max wants 2×2 positions'),
      detail: { subject: 'model.pooling' },
    })
  })
})
