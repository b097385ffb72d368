import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { StoppedError } from '#base'
import { benchReportSchema, runBench } from '#lab/bench'
import { tinyWorkloads } from './tiny-workloads.ts'

/** A Python that has PyTorch; without it the comparison itself is not tested. */
const python = process.env.SADDLE_TORCH_PYTHON
const script = join(import.meta.dirname, '../../../../resources/peers/torch-peer.py')

const quick = { samples: 3, peer: null, version: '0.0.0-test', onProgress: () => {} }

describe('runBench', () => {
  it('reports every workload alone: block sizes, times, shares', async () => {
    const stages: string[] = []
    const report = await runBench({
      ...quick,
      workloads: tinyWorkloads,
      onProgress: (text) => stages.push(text),
    })
    expect(benchReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report)
    expect(report.workloads.map(({ id }) => id)).toEqual(tinyWorkloads.map(({ id }) => id))
    expect(report.versions.peer).toBeNull()
    for (const { product, step, agreement } of report.workloads) {
      expect(product.blocks.map(({ rows }) => rows)).toContain(product.rows)
      expect(product.rows).toBe(
        product.blocks.toSorted((a, b) => a.ms - b.ms)[0]!.rows, // the fastest
      )
      expect(product.ours.samples).toHaveLength(3)
      expect(product.ours.lower).toBeGreaterThan(0)
      expect(product.operations).toBeGreaterThan(0)
      expect(product.ratio).toBeNull()
      expect(step.rivals).toEqual([])
      expect(agreement).toBeNull()
    }
    expect(report.population).toEqual({ skipped: 'W1 was not asked for' })
    expect(stages).toContain('transformer training steps')
  }, 120_000)

  it('measures many seeds in one program and the readiness of a session where a workload asks for it', async () => {
    const [perceptron] = tinyWorkloads
    const report = await runBench({
      ...quick,
      workloads: [
        { ...perceptron!, id: 'seeds', extra: 'population' },
        { ...perceptron!, id: 'deep', extra: 'readiness' },
      ],
    })
    expect(report.population).toMatchObject({ workload: 'seeds', runs: 16, ratio: null })
    expect(report.readiness).toMatchObject({ workload: 'deep', sessionsAgain: 0 })
  }, 60_000)

  it('stops between samples', async () => {
    const stop = new AbortController()
    const running = runBench({
      ...quick,
      workloads: tinyWorkloads,
      signal: stop.signal,
      onProgress: (text) => {
        if (text.endsWith('training steps')) stop.abort()
      },
    })
    await expect(running).rejects.toThrow(StoppedError)
  }, 60_000)
})

describe.skipIf(python === undefined)(
  `against PyTorch (${python ?? 'skipped: SADDLE_TORCH_PYTHON names no Python with PyTorch'})`,
  () => {
    it('both sides agree on every kind of network, by each way', async () => {
      const report = await runBench({
        ...quick,
        workloads: tinyWorkloads,
        peer: { python: python!, script },
      })
      expect(benchReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report)
      for (const { agreement, product, step, failures } of report.workloads) {
        expect(failures).toEqual({})
        expect(Object.keys(agreement!)).toEqual([
          'loss',
          'gradient',
          'product by double-backward',
          'product by linearize',
          'product by vmap',
        ])
        expect(Math.max(...Object.values(agreement!))).toBeLessThan(1e-4)
        expect(product.rivals.map(({ way }) => way)).toEqual([
          'double-backward',
          'linearize',
          'vmap',
        ])
        expect(step.rivals).toHaveLength(1)
      }
    }, 300_000)

    it('is refused where the networks differ', async () => {
      const [, convolutions] = tinyWorkloads
      const running = runBench({
        ...quick,
        workloads: [{ ...convolutions!, twin: { kind: 'convolutional', strides: [2, 1, 1] } }],
        peer: { python: python!, script },
      })
      await expect(running).rejects.toThrow(/the peer's loss deviates from ours/)
    }, 60_000)
  },
)
