import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { ApiError } from '#shared/errors'
import {
  dataCardSchema,
  experimentSchema,
  provenanceSchema,
  runSummarySchema,
  trainingEndSchema,
  type MeasurementDocument,
  type MeasureSpec,
  type MetricRow,
  type RunDetail,
} from '#shared/schemas'
import { checkRecord, hashFile, writeFileDurably, type FileRecord } from './files.ts'
import { storedMetricRowSchema } from './metrics.ts'

const bundleFileSchema = z.strictObject({
  fileName: z.string(),
  sizeBytes: z.int(),
  sha256: z.string(),
})

/** `manifest.json` of a run's folder: all of a run but the bytes of its files; also as earlier versions wrote it. */
export const bundleManifestSchema = z.strictObject({
  format: z.literal('saddle-run'),
  version: z.literal(1),
  run: runSummarySchema.extend({ lastMetrics: storedMetricRowSchema.nullable() }),
  spec: experimentSchema,
  provenance: provenanceSchema.nullable(),
  dataCard: dataCardSchema.nullable(),
  parameterCount: z.int().nullable(),
  trainingEnd: trainingEndSchema.nullable().default(null),
  /** Files with one measurement document each, in the order of the spec. */
  measurements: z.array(z.string()),
  /** File with the training metrics; null before there are any. */
  metrics: z.string().nullable(),
  files: z.array(bundleFileSchema),
})

/** A file of a bundle with its size and hash. */
export type BundleFile = z.infer<typeof bundleFileSchema>
/** What `manifest.json` says. */
export type BundleManifest = z.infer<typeof bundleManifestSchema>

/** Something wrong with a bundle. */
export interface BundleProblem {
  readonly fileName: string
  readonly problem: 'missing' | 'truncated' | 'changed' | 'unreadable' | 'unsafe-name'
  readonly message: string
}

const metricsFile = 'metrics.csv'
const manifestFile = 'manifest.json'

const metricColumns = [
  'step',
  'epoch',
  'elapsedMs',
  'trainLoss',
  'trainAccuracy',
  'validationLoss',
  'validationAccuracy',
  'gradientNorm',
  'batchLoss',
  'updateNorm',
  'gradientCosine',
  'distance',
  'learningRate',
] as const satisfies readonly (keyof MetricRow)[]

/**
 * Writes all that a run's folder holds besides its registered files, the manifest last.
 *
 * @param detail - Its checkpoints, weights and reports are listed, not written.
 * @param pages - All metric rows in step order.
 * @returns The measurement files written, to be registered.
 * @throws ApiError `disk-full`, and as {@link writeFileDurably}.
 */
export function writeBundle(
  folder: string,
  detail: RunDetail,
  pages: Iterable<readonly MetricRow[]>,
): BundleFile[] {
  const metrics = writeNamed(folder, metricsFile, csvLines(pages))
  const measurements = detail.measurements.map((document) =>
    writeNamed(
      folder,
      measurementFile(document, detail.spec.measure[document.index]),
      `${JSON.stringify(document, null, 2)}\n`,
    ),
  )
  const registered = detail.artifacts
    .filter(({ kind }) => kind !== 'measurement')
    .map(({ fileName, sizeBytes, sha256 }) => ({ fileName, sizeBytes, sha256 }))
  writeManifest(folder, detail, { metrics, measurements, registered })
  return measurements
}

/** A measurement at several steps has a file for each. */
function measurementFile(
  { index, kind, step }: MeasurementDocument,
  measure: MeasureSpec | undefined,
): string {
  const isRepeated = measure !== undefined && 'at' in measure && measure.at === 'snapshots'
  const place = isRepeated ? `-${String(step).padStart(9, '0')}` : ''
  return `measurement-${String(index).padStart(2, '0')}-${kind}${place}.json`
}

/** Writes the manifest of a run that has no files yet. */
export function writeFirstManifest(folder: string, detail: RunDetail): void {
  writeManifest(folder, detail, { metrics: null, measurements: [], registered: [] })
}

/**
 * Compares a bundle with its manifest; reads every file whole. The manifest is not trusted.
 *
 * @returns Problems found; empty for a sound bundle.
 */
export async function verifyBundle(folder: string): Promise<BundleProblem[]> {
  let manifest: BundleManifest
  try {
    const text = readFileSync(join(folder, manifestFile), 'utf8')
    manifest = bundleManifestSchema.parse(JSON.parse(text))
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    const message = error instanceof Error ? error.message : String(error)
    const problem = isMissing ? 'missing' : 'unreadable'
    return [{ fileName: manifestFile, problem, message }]
  }
  const problems: BundleProblem[] = []
  const listed = new Set(manifest.files.map(({ fileName }) => fileName))
  const wanted = [
    ...manifest.measurements,
    ...(manifest.metrics === null ? [] : [manifest.metrics]),
  ]
  for (const fileName of wanted.filter((name) => !listed.has(name))) {
    problems.push({ fileName, problem: 'missing', message: 'named but not listed in files' })
  }
  for (const file of manifest.files) {
    const problem = await verifyFile(folder, file)
    if (problem !== null) problems.push(problem)
  }
  return problems
}

async function verifyFile(folder: string, file: BundleFile): Promise<BundleProblem | null> {
  const { fileName } = file
  if (!isPlainName(fileName)) {
    return { fileName, problem: 'unsafe-name', message: 'must be a plain file name' }
  }
  const path = join(folder, fileName)
  try {
    if (!lstatSync(path).isFile()) {
      return { fileName, problem: 'unreadable', message: `${path} is not a plain file` }
    }
  } catch {
    return { fileName, problem: 'missing', message: `file not found: ${path}` }
  }
  try {
    const found = await hashFile(path)
    checkRecord(path, found, file)
    return null
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { fileName, problem: kindOf(error, file), message: error.message }
  }
}

function kindOf(error: ApiError, file: BundleFile): BundleProblem['problem'] {
  if (error.code === 'file-not-found') return 'missing'
  if (error.code !== 'file-corrupt') return 'unreadable'
  const { found } = error.detail as { found: FileRecord }
  return found.sizeBytes < file.sizeBytes ? 'truncated' : 'changed'
}

const isPlainName = (name: string): boolean => /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/.test(name)

function writeNamed(
  folder: string,
  fileName: string,
  content: string | Iterable<string>,
): BundleFile {
  return { fileName, ...writeFileDurably(join(folder, fileName), content) }
}

function writeManifest(
  folder: string,
  detail: RunDetail,
  files: {
    readonly metrics: BundleFile | null
    readonly measurements: readonly BundleFile[]
    readonly registered: readonly BundleFile[]
  },
): void {
  const { metrics, measurements, registered } = files
  const manifest: BundleManifest = {
    format: 'saddle-run',
    version: 1,
    run: detail.summary,
    spec: detail.spec,
    provenance: detail.provenance,
    dataCard: detail.dataCard,
    parameterCount: detail.parameterCount,
    trainingEnd: detail.trainingEnd,
    measurements: measurements.map(({ fileName }) => fileName),
    metrics: metrics?.fileName ?? null,
    files: [...(metrics === null ? [] : [metrics]), ...measurements, ...registered],
  }
  writeFileDurably(join(folder, manifestFile), `${JSON.stringify(manifest, null, 2)}\n`)
}

function* csvLines(pages: Iterable<readonly MetricRow[]>): Generator<string> {
  yield `${metricColumns.join(',')}\n`
  for (const rows of pages) {
    yield rows.map((row) => `${metricColumns.map((name) => row[name] ?? '').join(',')}\n`).join('')
  }
}
