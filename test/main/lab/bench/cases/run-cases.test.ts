import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { caseReportSchema, Peer, problemsNamed, runCases } from '#lab/bench'
import { largestDifference } from '../../../../../src-main/lab/bench/cases/measure-density.ts'
import { perceptron } from '../../../../../src-main/lab/bench/workloads/perceptron.ts'
import { tinyWorkloads } from '../tiny-workloads.ts'

const python = process.env.SADDLE_TORCH_PYTHON
const script = join(import.meta.dirname, '../../../../../resources/peers/torch-peer.py')

const small = perceptron({
  id: 'small',
  title: 'small perceptron',
  widths: [12, 10, 8, 5],
  batchSize: 40,
  blockSizes: [1],
})
const problem = { id: 'small trained', workload: small, training: { steps: 20, learningRate: 0.2 } }
const tiny = {
  problems: [problem],
  density: { training: problem.training, load: () => Promise.resolve(small) },
  rounds: 2,
  peer: null,
  version: '0.0.0-test',
  onProgress: () => {},
}

describe('runCases', () => {
  it('top10 alone: our searches are right by our own reference, and has no rival', async () => {
    const report = await runCases({ ...tiny, cases: ['top10'] })
    expect(caseReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report)
    const [{ searches, reference, best, parameterCount }] = report.top10 as [
      (typeof report.top10)[number],
    ]
    expect(parameterCount).toBe(12 * 10 + 10 + 10 * 8 + 8 + 8 * 5 + 5)
    expect(reference).toMatchObject({ status: 'converged', crossCheck: null, isTrusted: true })
    expect(searches).toMatchObject([
      { name: 'ours', isRight: true, misses: [] },
      { name: 'ours, no search for multiples', isRight: true, misses: [] },
    ])
    // Block sizes are measured: either search may take the larger one.
    for (const { products } of searches) expect(products).toBeGreaterThanOrEqual(20)
    for (const { time } of searches) expect(time.samples).toHaveLength(2)
    expect(best).toBeNull()
    expect(report.density).toBeNull()
  }, 60_000)

  it('density alone: half the products of the plain quadrature', async () => {
    const { density, top10 } = await runCases({ ...tiny, cases: ['density'] })
    expect(top10).toEqual([])
    const [deflated, plain] = density!.estimates
    expect(deflated!.products).toBeLessThanOrEqual(400)
    expect(plain!.products).toBe(800)
    // 80 steps in 263 dimensions: both are near the truth, against the width of the spectrum.
    expect(deflated!.distance.median).toBeLessThan(0.01 * density!.largest[0]!)
    expect(density!.best).toMatchObject({ name: 'ours, plain' })
  }, 60_000)
})

describe('problemsNamed', () => {
  it('are those of named workloads', () => {
    expect(problemsNamed([problem], [])).toEqual([problem])
    expect(() => problemsNamed([problem], ['W9'])).toThrow('case top10 has no W9; it has small')
  })
})

describe('largestDifference', () => {
  it('is a share of the largest size', () => {
    expect(largestDifference([-4, 1], [-4, 2])).toBe(0.25)
  })
})

describe('answers of libraries', () => {
  /** Answers a preparation with nothing and any other line by `answer`; `results` are the numbers of its file. */
  async function answering(answer: string, results: string): Promise<Peer> {
    const folder = mkdtempSync(join(tmpdir(), 'saddle-peer-test-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const speaker = join(folder, 'speaker.mjs')
    writeFileSync(
      speaker,
      `import { createInterface } from 'node:readline'
import { writeFileSync } from 'node:fs'
console.log('{"ready":{"python":"3","torch":"2","threads":1,"libraries":{"curvlinops":null}}}')
createInterface({ input: process.stdin }).on('line', (line) => {
  const { results, spectrum } = JSON.parse(line)
  writeFileSync(results ?? spectrum.results, ${results})
  console.log('${answer}')
})`,
    )
    const peer = await Peer.start({ python: process.execPath, script: speaker })
    onTestFinished(() => peer.close())
    return peer
  }

  it('hold values with their vectors', async () => {
    const peer = await answering(
      '{"solved":{"ms":5,"products":7,"values":[2,1]}}',
      'Float32Array.of(1, 0, 0, 0, 1, 0)',
    )
    const found = await peer.solve('pyhessian', { top: 2 }, 3)
    expect(found).toEqual({
      ms: 5,
      products: 7,
      values: [2, 1],
      vectors: Float32Array.of(1, 0, 0, 0, 1, 0),
    })
    expect(peer.versions.libraries).toEqual({ curvlinops: null })
  })

  it('are refused if vectors are missing', async () => {
    const peer = await answering(
      '{"solved":{"ms":5,"products":7,"values":[2,1]}}',
      'Float32Array.of(1)',
    )
    await expect(peer.solve('pyhessian', { top: 2 }, 3)).rejects.toThrow(
      'the peer wrote 4 bytes where 24 were due',
    )
  })

  it('hold nodes, then weights, a row a probe', async () => {
    const peer = await answering(
      '{"density":{"ms":5,"products":4,"probes":2,"steps":2}}',
      'Float64Array.of(1, 2, 3, 4, 0.1, 0.9, 0.2, 0.8)',
    )
    expect(await peer.density('eigenthings', {})).toMatchObject({
      nodes: [
        [1, 2],
        [3, 4],
      ],
      weights: [
        [0.1, 0.9],
        [0.2, 0.8],
      ],
    })
  })

  it('say which library is not there, and why one fails', async () => {
    const absent = await answering(`{"absent":"No module named x"}`, '""')
    expect(await absent.solve('pyhessian', {}, 3)).toEqual({
      failure: 'not installed: No module named x',
    })
    const failing = await answering('{"error":"AttributeError: eig"}', '""')
    expect(await failing.density('pyhessian', {})).toEqual({ failure: 'AttributeError: eig' })
  })

  it('hold all eigenvalues', async () => {
    const peer = await answering('{"spectrum":{"size":2}}', 'Float64Array.of(-1, 3)')
    expect(await peer.spectrum()).toEqual(Float64Array.of(-1, 3))
  })
})

describe.skipIf(python === undefined)(
  `against PyTorch (${python ?? 'skipped: SADDLE_TORCH_PYTHON names no Python with PyTorch'})`,
  () => {
    it('the values of ours are those of scipy on PyTorch’s product; a library that is missing is named', async () => {
      const report = await runCases({
        ...tiny,
        cases: ['top10', 'density'],
        peer: { python: python!, script },
      })
      expect(caseReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report)
      const [{ searches, skipped, reference, best }] = report.top10 as [
        (typeof report.top10)[number],
      ]
      expect(reference.crossCheck).toBeLessThan(1e-4)
      expect(searches.filter(({ isRight }) => isRight).map(({ name }) => name)).toContain(
        'PyTorch graph, eigsh',
      )
      expect(best!.ratio.median).toBeGreaterThan(0)
      // Each of six rivals either took part or is named.
      expect(searches.length - 1 + skipped.length).toBe(6)
      // Ours weighs samples by 1/b in float32, whose relative error is 2⁻²⁴ at most; theirs divides.
      expect(report.density!.crossCheck).toBeLessThan(2 ** -24)
    }, 300_000)
  },
)

it('tiny workloads of each kind can be trained and searched', async () => {
  const problems = tinyWorkloads.map((workload) => ({
    ...problem,
    id: workload.id,
    workload,
  }))
  const { top10 } = await runCases({ ...tiny, problems, rounds: 1, cases: ['top10'] })
  expect(top10.map(({ searches }) => searches[0]!.isRight)).toEqual(tinyWorkloads.map(() => true))
}, 60_000)
