import type { ArchitectureSpec } from './architecture.ts'
import type { DataSpec } from './data.ts'
import type { MeasureSpec } from './measure.ts'
import type { TrainSpec } from './train.ts'

/** The parts of a spec that must go together. */
interface Parts {
  readonly model: ArchitectureSpec
  readonly data: DataSpec
  readonly train: TrainSpec
  readonly measure: readonly MeasureSpec[]
}

/** What is wrong between two keys: the one to change, and what it must be. */
export interface RuleProblem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

type Rule = (parts: Parts) => RuleProblem | null

const problem = (path: string, message: string): RuleProblem => ({ path: path.split('.'), message })

const hasValues = (data: DataSpec): boolean =>
  data.kind === 'teacher-student' ||
  data.kind === 'chebyshev' ||
  (data.kind === 'file' && data.task === 'regression')

/** What a sample is, where the spec alone tells; a file may hold anything. */
function featuresOf(data: DataSpec): 'images' | 'tokens' | 'numbers' | 'any' {
  switch (data.kind) {
    case 'text':
      return 'tokens'
    case 'gaussian-mixture':
    case 'curved-manifold':
    case 'teacher-student':
    case 'chebyshev':
      return 'numbers'
    case 'file':
      return 'any'
    default:
      return 'images'
  }
}

const lossFits: Rule = ({ data, train }) =>
  hasValues(data) && train.loss === 'cross-entropy'
    ? problem(
        'train.loss',
        `must be squared-error for regression data (${data.kind}), got cross-entropy`,
      )
    : null

const dimensionFits: Rule = ({ data }) =>
  data.kind === 'gaussian-mixture' && (data.intrinsicDimension ?? 1) > data.dimension
    ? problem(
        'data.intrinsicDimension',
        `must be in 1…${String(data.dimension)} (the dimension), got ${String(data.intrinsicDimension)}`,
      )
    : null

const networkFits: Rule = ({ model, data }) => {
  const features = featuresOf(data)
  if (features === 'any' || features === 'images') return null
  if (model.kind === 'cnn' || model.kind === 'resnet') {
    const others = features === 'tokens' ? 'mlp or transformer' : 'mlp'
    return problem('model.kind', `must be ${others} for ${data.kind} data, got ${model.kind}`)
  }
  return model.kind === 'transformer' && features === 'numbers'
    ? problem('model.kind', `must be mlp for ${data.kind} data, got transformer`)
    : null
}

const headsFit: Rule = ({ model }) =>
  // Where a size is solved for, the width follows the heads.
  model.kind === 'transformer' && model.parameters === undefined && model.width % model.heads !== 0
    ? problem(
        'model.heads',
        `must divide the width ${String(model.width)}, got ${String(model.heads)}`,
      )
    : null

const stridesFit: Rule = ({ model }) =>
  model.kind === 'cnn' && model.strides.length !== model.channels.length
    ? problem(
        'model.strides',
        `must be as many as model.channels, ${String(model.channels.length)}, got ${String(model.strides.length)}`,
      )
    : null

const optimizerFits: Rule = ({ model, train }) => {
  const { kind } = train.optimizer
  if (kind !== 'lbfgs' && kind !== 'kfac') return null
  if (train.averageDecay > 0) {
    return problem(
      'train.averageDecay',
      `must be 0 with ${kind}, got ${String(train.averageDecay)}`,
    )
  }
  return model.parameterization.kind === 'mup'
    ? problem(
        'model.parameterization.kind',
        `must be standard or ntk with ${kind}, which has one learning rate for all tensors, got mup`,
      )
    : null
}

const pairsWanted: Rule = ({ measure }) => {
  const index = measure.findIndex(
    (each) => each.kind === 'eigenpairs' && each.top + each.bottom < 1,
  )
  return index < 0
    ? null
    : problem(`measure.${String(index)}.top`, 'must be 1 or more where bottom is 0, got 0')
}

/** Products that a search needs to say anything, and what it is for; null where any number will do. */
function leastBudget(measure: MeasureSpec): readonly [least: number, wanted: number] | null {
  switch (measure.kind) {
    case 'eigenpairs':
    case 'evolution': {
      const wanted = measure.top + measure.bottom
      return [2 * wanted + Math.max(1, measure.blockSize) - 1, wanted]
    }
    case 'interior':
      return [200 + 12 * measure.count, measure.count]
    default:
      return null
  }
}

const budgetSuffices: Rule = ({ measure }) => {
  for (const [index, each] of measure.entries()) {
    const [least, wanted] = leastBudget(each) ?? [0, 0]
    if ('maxProducts' in each && each.maxProducts < least) {
      return problem(
        `measure.${String(index)}.maxProducts`,
        `must be ${String(least)} or more for ${String(wanted)} eigenvalues, got ${String(each.maxProducts)}`,
      )
    }
  }
  return null
}

/** A sketch and what is left of it need two products each. */
const sketchedProbes = 4

const probesSuffice: Rule = ({ measure }) => {
  const index = measure.findIndex(
    (each) =>
      (each.kind === 'scalar' || (each.kind === 'trace' && each.method !== 'hutchinson')) &&
      each.probes < sketchedProbes,
  )
  const found = measure[index]
  if (found === undefined || !('probes' in found)) return null
  return problem(
    `measure.${String(index)}.probes`,
    `must be ${String(sketchedProbes)} or more for ${found.kind === 'trace' ? found.method : 'a number'}, got ${String(found.probes)}`,
  )
}

const snapshotsKept: Rule = ({ measure, train }) => {
  if (train.snapshots.kind !== 'none') return null
  const index = measure.findIndex((each) => each.kind === 'evolution' || each.at === 'snapshots')
  if (index < 0) return null
  const need = 'needs weights of several steps: train.snapshots must not be none'
  return measure[index]?.kind === 'evolution'
    ? problem(`measure.${String(index)}.kind`, need)
    : problem(`measure.${String(index)}.at`, need)
}

const rules: readonly Rule[] = [
  lossFits,
  dimensionFits,
  networkFits,
  headsFit,
  stridesFit,
  optimizerFits,
  pairsWanted,
  budgetSuffices,
  probesSuffice,
  snapshotsKept,
]

/** What does not go together in a spec whose keys are right one by one. */
export const brokenRules = (parts: Parts): RuleProblem[] =>
  rules.flatMap((rule) => rule(parts) ?? [])
