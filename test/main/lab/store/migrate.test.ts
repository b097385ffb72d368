import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { silentLogger } from '#base'
import { openStore } from '#lab/store'
import { runDetailSchema } from '#shared/schemas'
import { appliedMigrations, migrate } from '../../../../src-main/lab/store/migrate.ts'
import { migrations } from '../../../../src-main/lab/store/migrations/all.ts'
import { openConnection } from '../../../../src-main/lab/store/open.ts'
import { initialProgress } from '../../../../src-main/lab/store/runs.ts'
import { codeOf, specOf, temporaryFolder, traceAt } from './fixtures.ts'

const logger = silentLogger
const schemaOf = (path: string): unknown[] => {
  using database = disposable(new Sqlite(path, { readonly: true }))
  return database.value.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all()
}
const disposable = (value: Sqlite.Database) => ({
  value,
  [Symbol.dispose]: () => void value.close(),
})
const broken = {
  name: '9999-break',
  sql: 'CREATE TABLE half (x INTEGER); INSERT INTO runs (no_such_column) VALUES (1);',
}

/** What versions before the observations of steps wrote. */
const oldRow = {
  step: 5,
  epoch: 0.5,
  elapsedMs: 12,
  trainLoss: 0.75,
  trainAccuracy: 0.5,
  validationLoss: null,
  validationAccuracy: null,
  gradientNorm: 2.5,
}
const oldRowNow = {
  ...oldRow,
  batchLoss: null,
  updateNorm: null,
  gradientCosine: null,
  distance: null,
  learningRate: null,
}
const oldCard = {
  kind: 'digits',
  source: 'somewhere',
  trainCount: 8,
  validationCount: 2,
  featureCount: 64,
  outputCount: 10,
  classCounts: null,
  featureMean: 0.3,
  featureDeviation: 0.4,
}

const traceDocument = traceAt(0, 2.5)

/** Makes the database of an earlier version. */
function oldStore(count: number): string {
  const folder = temporaryFolder()
  const connection = openConnection(join(folder, 'store.sqlite'))
  migrate(connection, migrations.slice(0, count))
  if (count > 0) {
    connection.exec(`INSERT INTO runs (id, name, status, seed, data_kind, model_label, search,
      created_at, progress, last_metrics) VALUES ('a', 'old', 'finished', 0, 'digits', 'mlp', 'old', '',
      '${JSON.stringify(initialProgress)}', '${JSON.stringify(oldRow)}')`)
    connection.exec(`INSERT INTO run_documents (run_id, spec, data_card) VALUES ('a', '{}',
      '${JSON.stringify(oldCard)}')`)
  }
  if (count > 1) {
    connection
      .prepare(
        `INSERT INTO metrics (run_id, step, epoch, elapsed_ms, train_loss, train_accuracy,
           validation_loss, validation_accuracy, gradient_norm)
         VALUES ('a', @step, @epoch, @elapsedMs, @trainLoss, @trainAccuracy, @validationLoss,
           @validationAccuracy, @gradientNorm)`,
      )
      .run(oldRow)
  }
  if (count > 2) {
    // Documents of versions before 9 say less.
    const newer = ['operator', 'size', 'tensors', 'split', 'precision']
    const old = Object.fromEntries(
      Object.entries(traceDocument).filter(([key]) => !newer.includes(key)),
    )
    const keys = count > 8 ? 'measure_index, step' : 'measure_index'
    connection
      .prepare(
        `INSERT INTO measurements (run_id, ${keys}, document) VALUES ('a', ${count > 8 ? '0, 60' : '0'}, ?)`,
      )
      .run(JSON.stringify(old))
  }
  connection.close()
  return folder
}

describe('migrations', () => {
  test.each(migrations.map((_, count) => count))(
    'a store of version %i comes to the same schema, keeps its rows and is backed up',
    (count) => {
      const folder = oldStore(count)
      const fresh = temporaryFolder()
      openStore(fresh, { logger }).close()
      const store = openStore(folder, { logger })
      expect(store.runs.list({ limit: 10, offset: 0 }).runs.map(({ name }) => name)).toEqual(
        count === 0 ? [] : ['old'],
      )
      if (count > 0) {
        const detail = runDetailSchema.parse(store.getRun('a'))
        expect(detail.summary.lastMetrics).toEqual(oldRowNow)
        expect(detail.dataCard).toMatchObject({ ...oldCard, vocabulary: null, classNames: null })
        expect(detail.trainingEnd).toBeNull()
        expect(detail.measurements).toEqual(count > 2 ? [traceDocument] : [])
        expect(store.measurements.keys('a')).toEqual(count > 2 ? [{ index: 0, step: 60 }] : [])
        expect(store.metrics.list('a')).toEqual(count > 1 ? [oldRowNow] : [])
      }
      store.close()
      expect(schemaOf(join(folder, 'store.sqlite'))).toEqual(schemaOf(join(fresh, 'store.sqlite')))
      const backups = count === 0 ? [] : readdirSync(join(folder, 'backups'))
      expect(backups.length).toBe(count === 0 ? 0 : 1)
      for (const name of backups) {
        using copy = disposable(new Sqlite(join(folder, 'backups', name), { readonly: true }))
        expect(appliedMigrations(copy.value).length).toBe(count)
        expect(copy.value.prepare('SELECT name FROM runs').pluck().all()).toEqual(['old'])
      }
    },
  )

  test('a store of this version is not backed up', () => {
    const folder = temporaryFolder()
    openStore(folder, { logger }).close()
    openStore(folder, { logger }).close()
    expect(readdirSync(folder)).not.toContain('backups')
  })

  test('a failed migration leaves no trace, and the report says what ran', () => {
    using database = disposable(openConnection(join(temporaryFolder(), 'store.sqlite')))
    const after = { name: '9999-later', sql: 'CREATE TABLE later (x INTEGER)' }
    const report = migrate(database.value, [migrations[0]!, broken, after])
    expect(report.results).toEqual([
      { name: '0001-create-runs', status: 'success' },
      { name: '9999-break', status: 'failed' },
      { name: '9999-later', status: 'not-run' },
    ])
    expect(report.error?.message).toContain('no_such_column')
    expect(appliedMigrations(database.value).map(({ name }) => name)).toEqual(['0001-create-runs'])
    const tables = database.value.prepare('SELECT name FROM sqlite_schema').pluck().all()
    expect(tables).not.toContain('half')
    expect(tables).not.toContain('later')
  })

  test('a store whose migration fails stays as it was and opens with the version that made it', () => {
    const folder = temporaryFolder()
    openStore(folder, { logger }).close()
    const before = schemaOf(join(folder, 'store.sqlite'))
    expect(() => openStore(folder, { logger, migrations: [...migrations, broken] })).toThrow(
      'migration 9999-break failed',
    )
    expect(schemaOf(join(folder, 'store.sqlite'))).toEqual(before)
    const store = openStore(folder, { logger })
    store.createRuns([specOf({})])
    store.close()
  })

  test('a history that is not a prefix of the known list is refused with both lists', () => {
    const folder = temporaryFolder()
    openStore(folder, { logger }).close()
    const older = migrations.slice(0, 2)
    expect(codeOf(() => openStore(folder, { logger, migrations: older }))).toBe('store-corrupt')
    expect(() => openStore(folder, { logger, migrations: older })).toThrow(
      /went through 0001-create-runs \([0-9a-f]{8}\), .*0005-create-queue .*; this version knows 0001-create-runs .*, 0002-create-metrics \([0-9a-f]{8}\)$/,
    )
    const [first, second] = migrations
    const swapped = [second!, first!, ...migrations.slice(2)]
    expect(codeOf(() => openStore(folder, { logger, migrations: swapped }))).toBe('store-corrupt')
    const edited = [{ ...first!, sql: `${first!.sql} -- edited` }, ...migrations.slice(1)]
    expect(codeOf(() => openStore(folder, { logger, migrations: edited }))).toBe('store-corrupt')
  })
})
