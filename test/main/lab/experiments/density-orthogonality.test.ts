import { expect, test } from 'vitest'
import type { DensityDocument } from '#shared/schemas'
import { collectRun } from './support.ts'

test('the probes of a Gauss–Newton density stay orthogonal to each other and to its outliers', async () => {
  // Short residuals leave the complement as they are made unit vectors: 2·10⁻⁴ where only products were projected.
  const { documents } = await collectRun({
    model: { hidden: [32] },
    data: { kind: 'digits' },
    train: { epochs: 20, optimizer: { kind: 'adam', learningRate: 0.003 } },
    measure: [{ kind: 'density', operator: 'ggn' }],
  })
  const [density] = documents as [DensityDocument]
  expect(density.atoms).toHaveLength(10)
  expect(density.orthogonalityLoss).toBeLessThan(1e-6)
})
