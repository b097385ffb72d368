import { formatCount } from '#shared/figures'
import type { DataSpec, ExperimentSpec } from '#shared/schemas'

/** Width of input and output, where the settings alone decide it. */
function dataWidths(data: DataSpec): readonly [number, number] | null {
  switch (data.kind) {
    case 'digits':
      return [64, 10]
    case 'mnist':
      return [784, 10]
    case 'gaussian-mixture':
      return [data.dimension, data.classes]
    case 'teacher-student':
      return [data.dimension, data.outputs]
    case 'text':
    case 'file':
      return null
  }
}

/** Parameters of the network, or null where only the data itself can tell. */
export function estimateParameterCount({ data, model }: ExperimentSpec): number | null {
  if (model.parameters !== undefined) return model.parameters
  const ends = dataWidths(data)
  if (ends === null || model.kind !== 'mlp') return null
  const widths = [ends[0], ...model.hidden, ends[1]]
  return widths
    .slice(1)
    .reduce((sum, width, i) => sum + width * ((widths[i] ?? 0) + (model.bias ? 1 : 0)), 0)
}

/** What would be started, in words. */
export function estimateText(spec: ExperimentSpec | null): string {
  if (spec === null) return 'Not complete yet.'
  const isOne = spec.seeds.length === 1
  const runs = isOne ? '1 run' : `${formatCount(spec.seeds.length)} runs`
  const count = estimateParameterCount(spec)
  return count === null
    ? `${runs}; the number of parameters depends on the data.`
    : `${runs} of ${formatCount(count)} parameters${isOne ? '' : ' each'}.`
}
