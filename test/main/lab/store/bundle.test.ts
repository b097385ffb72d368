import { readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { silentLogger } from '#base'
import {
  bundleManifestSchema,
  openStore,
  verifyBundle,
  writeCheckpoint,
  type Store,
} from '#lab/store'
import { dataCardSchema } from '#shared/schemas'
import { rowAt, specOf, temporaryFolder, traceAt } from './fixtures.ts'

const facts = {
  provenance: {
    seed: 0,
    specHash: 'x',
    appVersion: '0',
    gitCommit: null,
    gitDirty: null,
    versions: {},
    platform: 'test',
    cpu: 'test',
    threads: 1,
    memoryBytes: 1,
    device: 'cpu',
    runtime: 'none',
  },
  dataCard: dataCardSchema.parse({
    kind: 'text',
    source: 'none',
    trainCount: 3,
    validationCount: 0,
    featureCount: 16,
    outputCount: 10,
    classCounts: null,
    featureMean: null,
    featureDeviation: null,
    vocabulary: 10,
    sequenceLength: 16,
    bytesPerToken: 3.5,
  }),
  parameterCount: 7,
}

function finishedRun(store: Store): string {
  const { id } = store.createRuns([specOf({ name: 'bundle' })])[0]!
  const notice = writeCheckpoint(store.runFolder(id), 20, new Uint8Array(100).fill(7))
  store.artifacts.register({ ...notice, runId: id, kind: 'checkpoint' })
  store.metrics.append(id, [rowAt(10), rowAt(20)])
  store.measurements.add(id, traceAt(0, 2.5))
  store.runs.setFacts(id, { ...facts, modelLabel: 'mlp 64-2-10' })
  store.runs.setTrainingEnd(id, { step: 20, reason: 'target-loss' })
  store.runs.setLastMetrics(id, rowAt(20))
  store.runs.markEnded(id, 'finished', null)
  store.writeBundle(id)
  return store.runFolder(id)
}

describe('a bundle', () => {
  test('holds the run with sizes and hashes, and verifies', async () => {
    using store = openStore(temporaryFolder(), { logger: silentLogger })
    const folder = finishedRun(store)
    const text = readFileSync(join(folder, 'manifest.json'), 'utf8')
    const manifest = bundleManifestSchema.parse(JSON.parse(text))
    expect(manifest.run).toMatchObject({ name: 'bundle', status: 'finished' })
    expect(manifest.run.lastMetrics).toEqual(rowAt(20))
    expect(manifest.dataCard).toEqual(facts.dataCard)
    expect(manifest.trainingEnd).toEqual({ step: 20, reason: 'target-loss' })
    expect(manifest.measurements).toEqual(['measurement-00-trace.json'])
    expect(manifest.files.map(({ fileName }) => fileName)).toEqual([
      'metrics.csv',
      'measurement-00-trace.json',
      expect.stringMatching(/^checkpoint-000000020-/),
    ])
    const [header, first] = readFileSync(join(folder, 'metrics.csv'), 'utf8').split('\n')
    expect(header).toMatch(/^step,epoch,elapsedMs,trainLoss/)
    expect(first?.split(',')[3]).toBe(String(rowAt(10).trainLoss))
    expect(header).toMatch(/,batchLoss,updateNorm,gradientCosine,distance,learningRate$/)
    expect(first?.split(',').at(-1)).toBe(String(rowAt(10).learningRate))
    expect(await verifyBundle(folder)).toEqual([])
    store.writeArtifact(
      { runId: manifest.run.id, kind: 'report', fileName: 'r.html', step: null },
      'x',
    )
    store.writeArtifact(
      { runId: manifest.run.id, kind: 'report', fileName: 'r.html', step: null },
      'xy',
    )
    expect(await verifyBundle(folder)).toEqual([])
    expect(
      store.artifacts
        .list(manifest.run.id)
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['checkpoint', 'measurement', 'report'])
  })

  test('of an earlier version is read with nulls for what it did not tell', async () => {
    using store = openStore(temporaryFolder(), { logger: silentLogger })
    const folder = finishedRun(store)
    const path = join(folder, 'manifest.json')
    const without = (value: object, names: readonly string[]) =>
      Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)))
    const manifest = bundleManifestSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
    const observed = ['batchLoss', 'updateNorm', 'gradientCosine', 'distance', 'learningRate']
    const told = ['vocabulary', 'sequenceLength', 'bytesPerToken', 'intrinsicDimension']
    const old = {
      ...without(manifest, ['trainingEnd']),
      run: { ...manifest.run, lastMetrics: without(rowAt(20), observed) },
      dataCard: without(facts.dataCard, told),
    }
    writeFileSync(path, JSON.stringify(old))
    expect(await verifyBundle(folder)).toEqual([])
    const read = bundleManifestSchema.parse(old)
    expect(read.trainingEnd).toBeNull()
    const nulls = Object.fromEntries(observed.map((name) => [name, null]))
    expect(read.run.lastMetrics).toEqual({ ...rowAt(20), ...nulls })
    expect(read.dataCard).toMatchObject({ vocabulary: null, intrinsicDimension: null })
  })

  test('every kind of damage is found and named', async () => {
    using store = openStore(temporaryFolder(), { logger: silentLogger })
    const folder = finishedRun(store)
    const manifestPath = join(folder, 'manifest.json')
    const manifest = bundleManifestSchema.parse(JSON.parse(readFileSync(manifestPath, 'utf8')))
    const checkpoint = manifest.files[2]!.fileName
    rmSync(join(folder, 'metrics.csv'))
    truncateSync(join(folder, 'measurement-00-trace.json'), 5)
    writeFileSync(join(folder, checkpoint), new Uint8Array(100).fill(8))
    symlinkSync('/etc/hostname', join(folder, 'link'))
    const bad = ['../../store.sqlite', '/etc/passwd', '.hidden', 'link']
    const files = bad.map((fileName) => ({ fileName, sizeBytes: 1, sha256: '' }))
    writeFileSync(
      manifestPath,
      JSON.stringify({
        ...manifest,
        measurements: ['nowhere.json'],
        files: [...manifest.files, ...files],
      }),
    )
    const problems = await verifyBundle(folder)
    expect(problems.map(({ fileName, problem }) => [fileName, problem])).toEqual([
      ['nowhere.json', 'missing'],
      ['metrics.csv', 'missing'],
      ['measurement-00-trace.json', 'truncated'],
      [checkpoint, 'changed'],
      ['../../store.sqlite', 'unsafe-name'],
      ['/etc/passwd', 'unsafe-name'],
      ['.hidden', 'unsafe-name'],
      ['link', 'unreadable'],
    ])
    writeFileSync(manifestPath, '{"format":')
    expect((await verifyBundle(folder))[0]).toMatchObject({ problem: 'unreadable' })
    rmSync(manifestPath)
    expect((await verifyBundle(folder))[0]).toMatchObject({ problem: 'missing' })
  })

  test('one that a crash kept from being written is written at the next opening', async () => {
    const root = temporaryFolder()
    const first = openStore(root, { logger: silentLogger })
    const folder = finishedRun(first)
    rmSync(join(folder, 'metrics.csv'))
    const { id } = first.runs.list({ limit: 1, offset: 0 }).runs[0]!
    first.runs.markEnded(id, 'cancelled', null)
    first.close()
    expect(await verifyBundle(folder)).not.toEqual([])
    using store = openStore(root, { logger: silentLogger })
    expect(await verifyBundle(folder)).toEqual([])
    expect(store.runs.idsWithStaleBundle()).toEqual([])
  })
})
