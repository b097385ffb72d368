import { entriesOf, labelsPerSample, outputsOf, type Task } from '#learn/tasks'
import { createLayout, type Layout } from '#tensor/dense'
import { Graph, type Tracer, type ValueType } from '#tensor/program'
import { InputError } from '#base'
import type { Architecture } from './architecture.ts'
import type { TensorAlias } from './definition.ts'
import type { Draw } from './draws.ts'
import type { Initialization } from './initializations.ts'
import { defineNetwork } from './networks.ts'
import { tensorRule, type Parameterization, type TensorRule } from './parameterization.ts'
import {
  TraceRecord,
  tracingScope,
  type BufferDeclaration,
  type ParameterDeclaration,
  type Scope,
} from './scope.ts'

/** A network for a task, ready to be traced. */
export interface Model {
  /** e.g. `mlp 64-32-32-10`. */
  readonly label: string
  readonly task: Task
  readonly initialization: Initialization
  /** Parameters in the order of PyTorch's `parameters()` for the twin, under its `state_dict` names. */
  readonly layout: Layout
  /** One for each entry of the layout. */
  readonly declarations: readonly ParameterDeclaration[]
  /** Second names of tied tensors in the twin's `state_dict`. */
  readonly aliases: readonly TensorAlias[]
  /** Running statistics, under the names of the twin. */
  readonly buffers: Layout
  /** One for each entry of `buffers`. */
  readonly statistics: readonly BufferDeclaration[]
  /** What the parameterization makes of a tensor. */
  readonly rule: (draw: Draw) => TensorRule
  /**
   * Writes the network down.
   *
   * @param features - `[b, …shape]`, or int32 `[b, length]`.
   * @returns Outputs `[b · answers a sample, classes or values]`.
   */
  apply(scope: Scope, features: Tracer): Tracer
}

/** Type of a batch of features. */
export function featureType({ features }: Task, batchSize: number): ValueType {
  return features.kind === 'tokens'
    ? { dtype: 'int32', shape: [batchSize, features.length] }
    : { dtype: 'float32', shape: [batchSize, ...features.shape] }
}

/** How a network is set up besides its architecture. */
export interface ModelSettings {
  readonly initialization: Initialization
  readonly parameterization: Parameterization
}

/**
 * The network of an architecture for a task.
 *
 * @throws InputError naming the setting that does not fit the task.
 */
export function buildModel(
  architecture: Architecture,
  task: Task,
  settings: ModelSettings = {
    initialization: 'pytorch',
    parameterization: { kind: 'standard' },
  },
): Model {
  if (entriesOf(task.features) < 1 || outputsOf(task.targets) < 1) {
    throw new InputError('data', 'data must have one feature and one output or more')
  }
  const { initialization, parameterization } = settings
  const definition = defineNetwork(architecture, task, parameterization)
  const { label, width, aliases = [] } = definition
  const rule = (draw: Draw): TensorRule => tensorRule(parameterization, initialization, width, draw)

  const graph = new Graph()
  const record = new TraceRecord()
  const outputs = definition.apply(
    tracingScope(graph, record, { mode: 'evaluate', rule }),
    graph.input(featureType(task, 1)),
  )
  const expected = [labelsPerSample(task.targets), outputsOf(task.targets)]
  if (outputs.shape.join() !== expected.join()) {
    throw new Error(
      `internal: ${label} gives [${outputs.shape.join(', ')}], not [${expected.join(', ')}]`,
    )
  }
  const declarations = [...record.parameters.values()].map(({ declaration }) => declaration)
  const statistics = [...record.buffers.values()].map(({ declaration }) => declaration)
  return {
    label,
    task,
    initialization,
    layout: createLayout(declarations),
    declarations,
    aliases,
    buffers: createLayout(statistics),
    statistics,
    rule,
    apply: (scope, features) => definition.apply(scope, features),
  }
}
