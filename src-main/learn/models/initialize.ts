import type { RandomStream } from '#base'
import { fills, type Initialization } from './initializations.ts'
import type { Model } from './model.ts'
import type { ParameterDeclaration } from './scope.ts'

function fillTensor(
  target: Float32Array,
  { draw, shape, rule }: ParameterDeclaration,
  initialization: Initialization,
  stream: RandomStream,
): void {
  switch (draw.kind) {
    case 'constant':
      target.fill(draw.value)
      return
    case 'normal':
      for (let i = 0; i < target.length; i += 1) target[i] = draw.deviation * stream.nextNormal()
      multiply(target, rule.spread)
      return
    case 'bias':
      if (initialization === 'pytorch') fills.pytorch(target, draw.fanIn, shape[0]!, stream)
      multiply(target, rule.spread)
      return
    case 'weight':
      // A kernel is orthogonal as the matrix of its outputs' entries: its area then counts once, in the fan-in.
      if (initialization === 'orthogonal')
        fills.orthogonal(target, target.length / shape[0]!, shape[0]!, stream)
      else fills[initialization](target, draw.fanIn, draw.fanOut, stream)
      multiply(target, rule.spread * (draw.gain ?? 1))
  }
}

function multiply(target: Float32Array, factor: number): void {
  if (factor === 1) return
  for (let i = 0; i < target.length; i += 1) target[i]! *= factor
}

/**
 * Draws the parameters of a network.
 *
 * Deterministic: each tensor has its own stream, named by it, so adding a layer changes no other.
 *
 * @returns `[n]`, flat in the order of the layout.
 */
export function initializeParameters(
  { layout, declarations, initialization }: Model,
  stream: RandomStream,
): Float32Array {
  const flat = new Float32Array(layout.size)
  layout.entries.forEach(({ name, offset, size }, i) => {
    const target = flat.subarray(offset, offset + size)
    fillTensor(target, declarations[i]!, initialization, stream.fork(name))
  })
  return flat
}

/** Running statistics as they are before the first step, flat in the order of the model's buffers. */
export function initializeBuffers({ buffers, statistics }: Model): Float32Array {
  const flat = new Float32Array(buffers.size)
  buffers.entries.forEach(({ offset, size }, i) => {
    flat.fill(statistics[i]!.initial, offset, offset + size)
  })
  return flat
}
