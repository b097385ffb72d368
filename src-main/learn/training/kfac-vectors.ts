import { ShapeError } from '#base'
import { createLayout, type Layout } from '#tensor/dense'
import type { Runtime } from '#tensor/runtime'
import { factorTensors, type KfacParts } from './kfac-blocks.ts'
import { inverseTensors } from './kfac-inverse.ts'
import type { KfacLoss } from './kfac-settings.ts'
import { ResidentVector } from './resident-vector.ts'

/** What a step reads and leaves behind; made twice, for now and next. */
export interface KfacVectors {
  readonly parameters: ResidentVector
  readonly buffers: ResidentVector
  /** δ, the last step. */
  readonly moves: ResidentVector
  readonly factors: ResidentVector
  readonly inverses: ResidentVector
}

/** Makes them with zeros where nothing is given. */
export async function createKfacVectors(
  runtime: Runtime,
  loss: KfacLoss,
  parts: KfacParts,
  parameters?: Float32Array,
  buffers?: Float32Array,
): Promise<KfacVectors> {
  const create = (layout: Layout, flat?: Float32Array): Promise<ResidentVector> =>
    ResidentVector.create(runtime, layout, flat)
  return {
    parameters: await create(loss.layout, parameters),
    buffers: await create(loss.buffers, buffers),
    moves: await create(loss.layout),
    factors: await create(createLayout(factorTensors(loss, parts))),
    inverses: await create(createLayout(inverseTensors(loss, parts))),
  }
}

/** The vectors that are the optimizer's state, in the order they are saved in. */
const stateOf = ({ factors, inverses, moves }: KfacVectors): readonly ResidentVector[] => [
  factors,
  inverses,
  moves,
]

/** The state as one vector, with numbers at its end. */
export async function packState(
  vectors: KfacVectors,
  numbers: readonly number[],
): Promise<Float32Array> {
  const parts: Float32Array[] = []
  for (const vector of stateOf(vectors)) parts.push(await vector.read())
  const flat = new Float32Array(parts.reduce((sum, { length }) => sum + length, numbers.length))
  let offset = 0
  for (const part of [...parts, numbers]) {
    flat.set(part, offset)
    offset += part.length
  }
  return flat
}

/**
 * Puts a saved state back.
 *
 * @returns The numbers at its end.
 * @throws ShapeError if it has another size.
 */
export async function unpackState(
  vectors: KfacVectors,
  saved: Float32Array,
  numberCount: number,
): Promise<number[]> {
  const parts = stateOf(vectors)
  const size = parts.reduce((sum, { layout }) => sum + layout.size, numberCount)
  if (saved.length !== size) {
    throw new ShapeError('saved optimizer state', `[${size}]`, [saved.length])
  }
  let offset = 0
  for (const part of parts) {
    const end = offset + part.layout.size
    await part.write(saved.subarray(offset, end), 'saved optimizer state')
    offset = end
  }
  return [...saved.subarray(offset)]
}

/** Frees them. */
export function releaseVectors(vectors: KfacVectors): void {
  for (const vector of [vectors.parameters, vectors.buffers, ...stateOf(vectors)]) vector.release()
}
