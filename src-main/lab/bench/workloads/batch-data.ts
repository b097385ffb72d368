import { createStream, fillNormal } from '#base'
import type { TensorData } from '#tensor/dense'

/** Independent standard normals from a named stream. */
export function normals(size: number, seed: number, name: string): Float32Array {
  const values = new Float32Array(size)
  fillNormal(values, createStream(seed, 'bench', name))
  return values
}

/** Integers in 0…bound − 1 from a named stream. */
export function integers(size: number, bound: number, seed: number, name: string): Int32Array {
  const stream = createStream(seed, 'bench', name)
  return Int32Array.from({ length: size }, () => stream.nextInteger(bound))
}

/** One-hot targets `[b, classes]` and weights 1/b `[b]` of a mean cross-entropy. */
export function targetsOf(labels: Int32Array, classes: number): TensorData[] {
  const count = labels.length
  const targets = new Float32Array(count * classes)
  labels.forEach((label, i) => (targets[i * classes + label] = 1))
  return [targets, new Float32Array(count).fill(1 / count)]
}
