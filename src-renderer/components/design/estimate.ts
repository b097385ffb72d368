import { formatCount } from '#shared/figures'
import type { DataSpec, ExperimentSpec } from '#shared/schemas'

/** Widths of input and output, where the settings alone decide them. */
function dataWidths(data: DataSpec): readonly [number, number] | null {
  switch (data.kind) {
    case 'digits':
      return [64, 10]
    case 'mnist':
      return [784, 10]
    case 'gaussian-mixture':
    case 'curved-manifold':
      return [data.dimension, data.classes]
    case 'teacher-student':
      return [data.dimension, data.outputs]
    case 'chebyshev':
      return [1, 1]
    default:
      return null
  }
}

/** Parameters of a fully connected network; null where only the data or another network can tell. */
export function estimateParameterCount({ data, model }: ExperimentSpec): number | null {
  const ends = dataWidths(data)
  if (ends === null || model.kind !== 'mlp' || model.parameters !== undefined) return null
  const widths = [ends[0], ...model.hidden, ends[1]]
  return widths
    .slice(1)
    .reduce((sum, width, i) => sum + width * ((widths[i] ?? 0) + (model.bias ? 1 : 0)), 0)
}

/**
 * What would be started, in words.
 *
 * @param counted - Parameters of the network as the engine built it; null if it did not.
 */
export function estimateText(spec: ExperimentSpec | null, counted: number | null): string {
  if (spec === null) return 'Not complete yet.'
  const isOne = spec.seeds.length === 1
  const runs = isOne ? '1 run' : `${formatCount(spec.seeds.length)} runs`
  const count = counted ?? estimateParameterCount(spec)
  if (count !== null) return `${runs} of ${formatCount(count)} parameters${isOne ? '' : ' each'}.`
  const { parameters } = spec.model
  return parameters === undefined
    ? `${runs}; a look at the data counts the parameters.`
    : `${runs} of about ${formatCount(parameters)} parameters${isOne ? '' : ' each'}.`
}
