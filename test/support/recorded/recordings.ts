import type { Recording } from '../../../src-renderer/backend/recorded.ts'
import { dimension, makeEveryMeasurement } from './make-spectrum.ts'
import { makeRun, oldCard, textCard, type RunOptions } from './make-runs.ts'

const engine: Recording['engine'] = {
  appVersion: '0.1.0',
  protocol: 1,
  pid: 4_211,
  store: '/home/someone/.saddle',
  node: '24.21.0',
  platform: 'linux x64',
  cpu: 'AMD EPYC 7B13',
  threads: 4,
  memoryBytes: 33_658_077_184,
  versions: { 'onnxruntime-node': '1.30.0', 'better-sqlite3': '13.2.0', sqlite: '3.51.3' },
}

const record = (...runs: readonly RunOptions[]): Recording => ({ engine, runs: runs.map(makeRun) })

const progress = {
  phase: 'training',
  label: 'training',
  done: 600,
  total: 920,
  etaMs: 64_000,
} as const

/** An engine that nobody has used yet. */
export const empty: Recording = record()

/** One run in every state. */
export const busy: Recording = record(
  { id: 'run-queued', name: 'Digits, wide', status: 'queued', seed: 2 },
  {
    id: 'run-running',
    name: 'Digits, relu',
    status: 'running',
    seed: 1,
    rows: 25,
    summary: { progress, createdAt: '2026-01-31T14:20:00.000Z' },
  },
  {
    id: 'run-measuring',
    name: 'Digits, deep',
    status: 'running',
    measured: 1,
    summary: {
      progress: {
        phase: 'measuring',
        label: 'trace (2 of 3)',
        done: 24,
        total: 64,
        etaMs: 3_200,
      },
    },
  },
  {
    id: 'run-paused',
    name: 'Mixture',
    status: 'paused',
    rows: 12,
    summary: {
      error: { code: 'disk-full', message: 'the disk is full: 41.8 kB wanted, 0 B free' },
    },
  },
  { id: 'run-interrupted', name: 'Overnight sweep', status: 'interrupted', rows: 20 },
  { id: 'run-cancelled', name: 'Wrong batch size', status: 'cancelled', rows: 4 },
  {
    id: 'run-failed',
    name: 'Learning rate 10',
    status: 'failed',
    rows: 5,
    summary: {
      error: {
        code: 'non-finite',
        message: 'the training loss was NaN at step 113 (tensor loss)',
      },
    },
  },
  { id: 'run-finished', name: 'Digits, tanh' },
  { id: 'run-finished-1', name: 'Digits, tanh', seed: 1 },
)

/** Trainings that have more or less to tell than a classifier of digits. */
export const trained: Recording = record(
  {
    id: 'run-text',
    name: 'Bible, transformer',
    spec: { data: { kind: 'text' }, measure: [] },
    measured: 0,
    summary: { modelLabel: 'transformer 2×64' },
    detail: { dataCard: textCard, trainingEnd: { step: 925, reason: 'target-loss' } },
  },
  {
    id: 'run-old',
    name: 'Digits, from before',
    isOld: true,
    detail: { dataCard: oldCard, trainingEnd: null },
  },
)

/** A run that measured everything that can be asked for. */
export const measured: Recording = record({
  id: 'run-measured',
  name: 'Digits, everything measured',
  spec: {
    data: { kind: 'digits' },
    model: { hidden: [16] },
    train: { snapshots: { kind: 'log', perDecade: 2 } },
    measure: [
      { kind: 'eigenpairs', top: 5, bottom: 2, at: 'snapshots' },
      { kind: 'interior', count: 4 },
      { kind: 'trace', method: 'hutch++', precision: 0.02, at: 'snapshots' },
      { kind: 'scalar', quantity: 'effective-rank', precision: 0.02 },
      { kind: 'diagonal', probes: 200 },
      { kind: 'density', probes: 6, steps: 30, outliers: 12, resamples: 8, at: 'snapshots' },
      { kind: 'evolution', top: 5 },
      { kind: 'dense' },
      { kind: 'eigenpairs', top: 5, bottom: 2, operator: 'ggn' },
      { kind: 'scalar', quantity: 'bulk-ratio', operator: 'ggn' },
      { kind: 'density', probes: 6, steps: 30, operator: 'ggn' },
      { kind: 'eigenpairs', top: 5, bottom: 2, tensors: ['layers.0'], split: 'validation' },
    ],
  },
  summary: { modelLabel: 'mlp 16-16-10' },
  detail: { parameterCount: dimension, measurements: makeEveryMeasurement() },
})

/** More runs than a page holds. */
export const large: Recording = record(
  ...Array.from({ length: 450 }, (_, i) => ({
    id: `run-${String(i)}`,
    name: `Sweep ${String(i)}`,
    seed: i,
    rows: 2,
    measured: 0 as const,
    summary: {
      createdAt: `2026-01-01T00:${String(Math.floor(i / 60)).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}.000Z`,
    },
  })),
)

const hostileName = `<img src=x onerror="alert(1)"> {a|b} </script><script>alert(2)</script> "' &amp;`

/** A bundle from a stranger: every text tries to be more than text. */
export const hostile: Recording = record({
  id: 'run-hostile',
  name: hostileName.slice(0, 120),
  summary: {
    dataKind: '<b>digits</b>',
    modelLabel: '"><svg/onload=alert(3)>',
    status: 'failed',
    error: { code: 'internal', message: '<script>alert(4)</script>' },
  },
})
