import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, test, type TestAPI } from 'vitest'
import type { Logger } from '#base'
import {
  experimentSchema,
  type ExperimentInput,
  type ExperimentSpec,
  type MeasurementDocument,
  type MetricRow,
} from '#shared/schemas'

const cleanups: (() => void)[] = []

afterEach(() => {
  for (const clean of cleanups.splice(0).reverse()) clean()
})

/** A folder that goes with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'saddle-test-'))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const canMount = process.platform === 'linux' && process.getuid?.() === 0
if (!canMount) {
  process.stderr.write('SKIPPED: only root on Linux can make a full disk; its tests were not run\n')
}

/** A test on a real full disk: needs root to mount one, and is skipped loudly without. */
export const diskTest: ReturnType<TestAPI['skipIf']> = test.skipIf(!canMount)

/** A real file system of the given size; for a {@link diskTest}. */
export function tinyDisk(sizeKb: number): string {
  const folder = temporaryFolder()
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${String(sizeKb)}k`, 'tmpfs', folder])
  cleanups.push(() => execFileSync('umount', ['-l', folder]))
  return folder
}

/** Fills a disk up to some free bytes; returns what makes room again. */
export function fillDisk(folder: string, freeBytes: number): () => void {
  const { bavail, bsize } = statfsSync(folder)
  const path = join(folder, 'ballast')
  writeFileSync(path, new Uint8Array(Math.max(0, bavail * bsize - freeBytes)))
  return () => rmSync(path)
}

/** Resolves when a condition holds; rejects when it takes too long. */
export async function until(condition: () => boolean, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${condition.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** A logger that keeps its lines. */
export function keptLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = []
  const keep = (line: string) => void lines.push(line)
  return { lines, info: keep, warn: keep, error: keep }
}

/** A resolved spec from a part of one. */
export const specOf = (input: ExperimentInput): ExperimentSpec => experimentSchema.parse(input)

/** A metric row that is a function of its step. */
export function rowAt(step: number, factor = 1): MetricRow {
  return {
    step,
    epoch: step / 10,
    elapsedMs: step * 1.5,
    trainLoss: factor / (step + 3),
    trainAccuracy: null,
    validationLoss: Math.sqrt(step + 2) * factor,
    validationAccuracy: step / (step + 1),
    gradientNorm: Math.PI * factor * 10 ** (step % 7),
    batchLoss: factor / (step + 2),
    updateNorm: Math.SQRT2 * factor,
    gradientCosine: step === 0 ? null : Math.cos(step),
    distance: Math.cbrt(step),
    learningRate: 0.1 / (step + 1),
  }
}

/** A trace document. */
export function traceAt(index: number, value: number): MeasurementDocument {
  return {
    kind: 'trace',
    index,
    status: 'estimated',
    note: '',
    method: 'Hutchinson, 4 probes',
    seed: 0,
    parameterCount: 10,
    sampleCount: 100,
    step: 60,
    operator: 'hessian',
    size: null,
    tensors: null,
    split: 'training',
    precision: null,
    cost: { products: 4, elapsedMs: 2 },
    value,
    standardError: 0.25,
    probes: 4,
  }
}

/** The code of the ApiError that something throws; null if it throws nothing. */
export function codeOf(work: () => unknown): string | null {
  try {
    work()
    return null
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code)
    throw error
  }
}
