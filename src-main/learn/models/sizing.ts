import { InputError } from '#base'
import type { Task } from '#learn/tasks'
import type { Architecture } from './architecture.ts'
import { buildModel } from './model.ts'
import { resnetBase } from './resnet.ts'

/** How large a network should be. */
export interface SizeGoal {
  /** Parameters to come nearest to. */
  readonly parameters: number
  /**
   * What is solved for: all widths together, or the number of layers (hidden layers, stages, blocks a stage).
   * @default 'width'
   */
  readonly by?: 'width' | 'depth' | undefined
}

/** An architecture of the size wanted. */
export interface SizeSolution {
  readonly architecture: Architecture
  /** How many parameters it has. */
  readonly parameters: number
}

/** A setting as a whole number: architectures of k = least…most, of which more is never smaller. */
interface Knob {
  /** @default 1 */
  readonly least?: number
  readonly most: number
  at(k: number): Architecture
}

/** `values` with the largest scaled to k units and all rounded to units, none less than one. */
function scaleTo(values: readonly number[], k: number, unit: number): number[] {
  const largest = Math.max(...values)
  return values.map((value) => unit * Math.max(1, Math.round((value * k) / largest)))
}

/** Channels must stay divisible into the groups of a group normalization. */
const channelUnit = (settings: { normalization: string; groups: number }): number =>
  settings.normalization === 'group' ? settings.groups : 1

function widthKnob(architecture: Architecture): Knob {
  switch (architecture.kind) {
    case 'mlp': {
      const { hidden } = architecture
      if (hidden.length === 0) {
        throw new InputError(
          'model.hidden',
          'model.hidden must name 1 layer or more for its width to be solved for, got none',
        )
      }
      return { most: 1_000_000, at: (k) => ({ ...architecture, hidden: scaleTo(hidden, k, 1) }) }
    }
    case 'cnn': {
      const { channels, hidden } = architecture
      const unit = channelUnit(architecture)
      const largest = Math.max(...channels)
      return {
        most: Math.floor(100_000 / unit),
        at: (k) => ({
          ...architecture,
          channels: scaleTo(channels, k, unit),
          hidden: hidden.map((width) => Math.max(1, Math.round((width * k * unit) / largest))),
        }),
      }
    }
    case 'resnet': {
      const unit = channelUnit(architecture)
      const base = resnetBase(architecture.variant)
      return {
        most: Math.floor(100_000 / unit),
        at: (k) => ({ ...architecture, widthMultiplier: (k * unit) / base }),
      }
    }
    case 'transformer': {
      const unit = architecture.heads * (architecture.positions === 'rotary' ? 2 : 1)
      const most = Math.floor(1_000_000 / unit)
      return {
        // Narrower ones would leave no neuron to a feed-forward part.
        least: Math.min(most, Math.max(1, Math.ceil(0.5 / (architecture.mlpRatio * unit)))),
        most,
        at: (k) => ({ ...architecture, width: k * unit }),
      }
    }
  }
}

/** The first k, or the last repeated up to k. */
const resize = (values: readonly number[], k: number): number[] =>
  Array.from({ length: k }, (_, i) => values[i] ?? values.at(-1)!)

function depthKnob(architecture: Architecture): Knob {
  switch (architecture.kind) {
    case 'mlp': {
      const { hidden } = architecture
      if (new Set(hidden).size !== 1) {
        throw new InputError(
          'model.hidden',
          `model.hidden must be of one width for its depth to be solved for, got ${hidden.join(', ')}`,
        )
      }
      return { most: 64, at: (k) => ({ ...architecture, hidden: resize(hidden, k) }) }
    }
    case 'cnn': {
      const { channels, strides, pooling } = architecture
      if (pooling !== 'none') {
        throw new InputError(
          'model.pooling',
          `model.pooling must be none for the depth to be solved for, got ${pooling}`,
        )
      }
      return {
        most: 32,
        at: (k) => ({
          ...architecture,
          channels: resize(channels, k),
          // What comes after the stages that are named keeps the extents.
          strides: resize([...strides, 1], k),
        }),
      }
    }
    case 'resnet':
      return { most: 100, at: (blocks) => ({ ...architecture, blocks }) }
    case 'transformer':
      return { most: 1_000, at: (layers) => ({ ...architecture, layers }) }
  }
}

/**
 * Parameters of an architecture for a task, tied tensors once: the shapes are traced, nothing is allocated.
 *
 * @throws InputError naming `model.kind` or the setting that does not fit the task.
 */
export const countParameters = (architecture: Architecture, task: Task): number =>
  buildModel(architecture, task).layout.size

/**
 * Solves for the width or the depth that comes nearest to a number of parameters.
 *
 * Widths keep their proportions, up to rounding, and what must divide them does (heads, groups). By depth, layers like the
 * last are added or left out. Cost: O(log k) counts, with k the width or depth found.
 *
 * @throws InputError naming `model.parameters` and the range that can be reached, or the setting that stands in the way
 *   (no hidden layer to widen, pooling where the depth is wanted).
 */
export function solveSize(architecture: Architecture, task: Task, goal: SizeGoal): SizeSolution {
  const { parameters: wanted, by = 'width' } = goal
  const knob = by === 'width' ? widthKnob(architecture) : depthKnob(architecture)
  const solutionAt = (k: number): SizeSolution => ({
    architecture: knob.at(k),
    parameters: countParameters(knob.at(k), task),
  })
  const { least = 1 } = knob
  let [low, high] = [least, least]
  let [below, above] = [solutionAt(least), solutionAt(least)]
  const smallest = below.parameters
  while (above.parameters < wanted && high < knob.most) {
    ;[low, below] = [high, above]
    high = Math.min(2 * high, knob.most)
    above = solutionAt(high)
  }
  if (!(wanted >= smallest && wanted <= above.parameters)) {
    const allowed =
      wanted > above.parameters ? `at most ${above.parameters}` : `${smallest} or more`
    throw new InputError(
      'model.parameters',
      `model.parameters must be ${allowed} for this network by its ${by}, got ${wanted}`,
    )
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    const between = solutionAt(middle)
    if (between.parameters < wanted) [low, below] = [middle, between]
    else [high, above] = [middle, between]
  }
  return wanted - below.parameters < above.parameters - wanted ? below : above
}
