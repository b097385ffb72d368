import { readFileSync } from 'node:fs'
import type { Architecture, Loss, Model } from '#learn/models'
import { entriesOf, labelsPerSample, outputsOf, type Task } from '#learn/tasks'
import { layoutViews, sizeOf, type Layout, type TensorData } from '#tensor/dense'
import { fixturePath } from '../../../support/fixtures.ts'

/** Of each tensor: its products with two hashed vectors, and its norm. */
type Summary = readonly (readonly [number, number, number])[]

interface Evaluation {
  readonly outputs: Summary
  readonly loss: number
  readonly gradient: Summary
  /** Hessian of the loss times a hashed vector. */
  readonly product: Summary
}

/** What make-model-fixtures.py computed of one network in float64. */
export interface TwinCase {
  readonly name: string
  readonly architecture: Architecture
  readonly task: Task
  readonly loss: Loss
  readonly batchSize: number
  readonly parameters: readonly (readonly [string, number[]])[]
  readonly stateDict: readonly (readonly [string, number[]])[]
  readonly evaluate: Evaluation
  readonly train?: Evaluation
  /** Running statistics after one, two and three passes. */
  readonly statistics?: readonly (readonly number[][])[]
}

/** The cases of one architecture. */
export const twinCases = (kind: Architecture['kind']): TwinCase[] =>
  (JSON.parse(readFileSync(fixturePath('models', `${kind}.json`), 'utf8')) as { cases: TwinCase[] })
    .cases

/** MurmurHash3's finalizer of seed·0x9E3779B1 + i, as 20 bits. */
function hash(seed: number, index: number): number {
  let h = (Math.imul(seed, 0x9e3779b1) + index) >>> 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 12
}

/** Multiples of 2⁻²⁰ in [−½, ½). */
export const hashedNumbers = (seed: number, size: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => hash(seed, i) / 2 ** 20 - 0.5)

const hashedIntegers = (seed: number, limit: number, size: number): Int32Array =>
  Int32Array.from({ length: size }, (_, i) => hash(seed, i) % limit)

/** The parameters of a case, flat: weights of about the size that keeps activations of one size, scales near 1. */
export function filledParameters({ layout }: Model): Float32Array {
  const flat = new Float32Array(layout.size)
  layout.entries.forEach(({ name, shape, offset, size }, index) => {
    const drawn = hashedNumbers(1000 + index, size)
    const bits = 32 - Math.clz32(sizeOf(shape.slice(1)))
    const scale = 2 ** (2 - Math.floor(bits / 2))
    const mean = name.endsWith('weight') ? 1 : 0
    flat.set(
      drawn.map((x) => (shape.length > 1 ? x * scale : x / 2 + mean)),
      offset,
    )
  })
  return flat
}

/** Running statistics of a case before any pass, flat. */
export function filledStatistics({ buffers }: Model): Float32Array {
  const flat = new Float32Array(buffers.size)
  buffers.entries.forEach(({ name, offset, size }, index) => {
    const mean = name.endsWith('var') ? 1 : 0
    flat.set(
      hashedNumbers(2000 + index, size).map((x) => x / 2 + mean),
      offset,
    )
  })
  return flat
}

/** Features, targets and weights of pass `pass`. */
export function filledBatch(
  { task, batchSize }: Pick<TwinCase, 'task' | 'batchSize'>,
  pass = 0,
): TensorData[] {
  const { features, targets } = task
  const entries = batchSize * entriesOf(features)
  const x =
    features.kind === 'tokens'
      ? hashedIntegers(3000 + pass, features.vocabulary, entries)
      : hashedNumbers(3000 + pass, entries).map((value) => 4 * value)
  const y =
    targets.kind === 'classes'
      ? hashedIntegers(4000, targets.count, batchSize * labelsPerSample(targets))
      : hashedNumbers(4000, batchSize * outputsOf(targets)).map((value) => 4 * value)
  return [x, y, Float32Array.from({ length: batchSize }, (_, i) => (i + 1) / 64)]
}

/** The vector of a case's Hessian product, tensor by tensor. */
export const filledTangents = ({ entries }: Layout): Float32Array[] =>
  entries.map(({ size }, index) => hashedNumbers(5000 + index, size))

/** Tensors of a flat vector. */
export const viewsOf = layoutViews

/**
 * The largest difference of summaries, each as a share of its tensor's norm, or of a hundredth of all tensors' where
 * that is more: what is 0 but for rounding counts as rounding.
 */
export function summaryError(tensors: readonly ArrayLike<number>[], expected: Summary): number {
  const floor = 0.01 * Math.hypot(...expected.map(([, , norm]) => norm))
  return Math.max(
    ...tensors.map((tensor, i) => {
      const values = Array.from(tensor)
      const [first, second, norm] = expected[i]!
      const along = (seed: number): [number, number] => {
        const vector = hashedNumbers(seed + i, values.length)
        const product = values.reduce((sum, x, j) => sum + x * vector[j]!, 0)
        return [product, Math.hypot(...vector)]
      }
      const [p, pNorm] = along(6000)
      const [q, qNorm] = along(7000)
      const scale = Math.max(norm, floor)
      return Math.max(
        Math.abs(p - first) / (pNorm * scale),
        Math.abs(q - second) / (qNorm * scale),
        Math.abs(Math.hypot(...values) - norm) / scale,
      )
    }),
  )
}
