import { expect, it } from 'vitest'
import { casesText } from '../../../../src-main/hosts/cli/describe-cases.ts'
import { caseReportSchema } from '#lab/bench'

const spread = { median: 2000, lower: 1000, upper: 3000 }
const time = { ...spread, samples: [1000, 2000, 3000] }
const search = { time, products: 90, values: [4, 3], overlap: 0, misses: [], isRight: true }
const training = { steps: 60, learningRate: 0.1 }

const report = caseReportSchema.parse({
  format: 'saddle-bench-cases',
  version: 1,
  startedAt: '2026-01-01T00:00:00Z',
  elapsedMs: 60_000,
  seed: 0,
  rounds: 3,
  machine: { platform: 'p', cpu: 'a processor', threads: 2, memoryBytes: 1, loadBefore: 0.5 },
  versions: {
    saddle: '1',
    node: 'v24',
    runtime: 'onnx',
    device: 'cpu',
    peer: { python: '3', torch: '2', threads: 2, libraries: { scipy: '1', pyhessian: null } },
  },
  top10: [
    {
      id: 'W2 trained',
      title: 'an MLP',
      parameterCount: 9,
      training,
      tolerance: 1e-3,
      reference: {
        values: [4, 3],
        status: 'converged',
        products: 200,
        crossCheck: 0.01,
        isTrusted: false,
      },
      searches: [
        { ...search, name: 'ours', isOurs: true, settings: 'blocks of 1', residuals: [1e-4, 9e-4] },
        {
          ...search,
          name: 'rival',
          isOurs: false,
          settings: 'tol 0.001',
          residuals: [0.2, 0.1],
          misses: [3],
          isRight: false,
        },
      ],
      skipped: [{ name: 'PyHessian', reason: 'not installed: No module named pyhessian' }],
      ours: { productShare: 0.8, blockSize: 1, note: '' },
      best: null,
    },
  ],
  density: {
    title: 'an MLP',
    parameterCount: 9,
    training,
    largest: [4],
    crossCheck: null,
    seeds: [0, 1],
    estimates: [
      {
        name: 'ours, deflated',
        isOurs: true,
        settings: 'half',
        time,
        products: 390,
        distance: { median: 0.5, lower: 0.4, upper: 0.6 },
      },
    ],
    skipped: [],
    best: { name: 'curvlinops', distance: 0.4, products: 0.4875 },
  },
})

it('cases are told with who is right, who was skipped and what not to rely on', () => {
  expect(casesText(report)).toMatchInlineSnapshot(`
    "a processor, 2 threads, load before 0.5 · saddle 1, onnx on cpu, node v24 · PyTorch 2 with 2 threads, scipy 1, pyhessian not installed · seed 0, 3 rounds, 1:00 min

    top10, W2 trained: an MLP, 9 parameters, 60 steps of 0.1, residual of 0.001 of the largest |λ|
    whose  settings     s        runs  products  residual  missed  right
    ours   blocks of 1  2 (1–3)     3        90    9.0e-4       0  yes
    rival  tol 0.001    2 (1–3)     3        90    2.0e-1       1  no
    true values by 200 products, another library's within 1.0e-2 of the largest: not to be relied on
    no peer is right
    ours: products took 80 % of the time
    skipped: PyHessian: not installed: No module named pyhessian

    density: an MLP, 9 parameters, 60 steps of 0.1, 2 seeds
    whose           settings  s        products  Wasserstein-1 distance
    ours, deflated  half      2 (1–3)       390  0.5 (0.4–0.6)
    exact spectrum not checked by another library
    deflated / nearest plain (curvlinops): distance 0.4, products 0.487"
  `)
})
