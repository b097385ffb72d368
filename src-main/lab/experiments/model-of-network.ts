import type { FeatureSpec, TargetSpec } from '#learn/tasks'
import { buildModel, fullyConnected, type Model } from '#learn/models'
import type { LossKind, NetworkSpec } from '#shared/schemas'

/**
 * The model of a network that stands alone; cross-entropy wants classes, squared error values.
 *
 * @throws InputError naming the setting that does not fit its input.
 */
export function modelOfNetwork(network: NetworkSpec, loss: LossKind): Model {
  const isOfClasses = loss === 'cross-entropy'
  if (network.kind === 'mlp') {
    return fullyConnected({ ...network, targets: isOfClasses ? 'classes' : 'values' })
  }
  const { input, outputs, ...architecture } = network
  const features: FeatureSpec = Array.isArray(input)
    ? { kind: 'values', shape: input }
    : { kind: 'tokens', length: input.tokens, vocabulary: input.vocabulary }
  const hasMany = network.kind === 'transformer' && network.perToken && features.kind === 'tokens'
  const targets: TargetSpec = isOfClasses
    ? { kind: 'classes', count: outputs, perSample: hasMany ? features.length : 1 }
    : { kind: 'values', count: outputs }
  return buildModel(architecture, { features, targets })
}
