import { InputError } from '#base'
import {
  labelsPerSample,
  outputsOf,
  type FeatureSpec,
  type TargetSpec,
  type Task,
} from '#learn/tasks'
import { reshape, type Tracer } from '#tensor/program'
import { linear } from './blocks.ts'
import type { Scope } from './scope.ts'

/** Features as an error names them. */
export const describeFeatures = (features: FeatureSpec): string =>
  features.kind === 'tokens' ? `${features.length} tokens` : `values [${features.shape.join(', ')}]`

/**
 * Extents of the images of a task.
 *
 * @throws InputError naming `model.kind` if its features are not images.
 */
export function imageExtents(kind: string, { features }: Task): readonly [number, number, number] {
  if (features.kind === 'values' && features.shape.length === 3) {
    const [channels, height, width] = features.shape
    return [channels!, height!, width!]
  }
  throw new InputError(
    'model.kind',
    `model.kind ${kind} wants images [channels, height, width], got ${describeFeatures(features)}; mlp takes any features`,
  )
}

/** @throws InputError naming the setting if it is not an integer in `least`…`most`. */
export function checkInteger(setting: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InputError(setting, `${setting} must be an integer in ${least}…${most}, got ${value}`)
  }
}

/** Outputs a sample has: for all its answers. */
export const outputsPerSample = (targets: TargetSpec): number =>
  labelsPerSample(targets) * outputsOf(targets)

/**
 * The last affine layer, for all answers of a sample.
 *
 * @param x - `[b, in]`.
 * @returns `[b · answers a sample, classes or values]`.
 */
export function readout(scope: Scope, x: Tracer, { targets }: Task, bias: boolean): Tracer {
  const outputs = linear(scope, x, outputsPerSample(targets), { role: 'output', bias })
  return reshape(outputs, [x.shape[0]! * labelsPerSample(targets), outputsOf(targets)])
}
