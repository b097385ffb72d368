import { invariant } from '#base'
import { mul, type Graph, type Tracer, type Window2d } from '#tensor/program'
import type { Draw } from './draws.ts'
import type { TensorRule } from './parameterization.ts'

/** Whether normalizations use the statistics of the batch or the running ones. */
export type Mode = 'train' | 'evaluate'

/** A layer that is linear in its parameters, for approximations of the curvature. */
export interface LayerTap {
  readonly kind: 'affine' | 'convolution' | 'embedding'
  /** Names of the parameters in the scope of the call; the bias is null where there is none. */
  readonly weight: string
  readonly bias: string | null
  /** `[rows, in]`, `[n, in, height, width]`, or int32 indices. */
  readonly input: Tracer
  /** With the bias added. */
  readonly output: Tracer
  /** Of a convolution. */
  readonly window?: Window2d | undefined
}

/** A tap with the full names of its parameters, and by how much the stored weight is multiplied before it is used. */
export interface PlacedTap extends LayerTap {
  readonly factor: number
}

/** What a network is written in: gives its parameters and running statistics by name while it is traced. */
export interface Scope {
  readonly mode: Mode
  /** The scope whose names all begin with `name.`. */
  within(name: string): Scope
  /**
   * The value the network uses of a parameter; asked for twice by one name it is the same parameter, which is tied so.
   * The order of first calls is the flat order.
   */
  parameter(name: string, shape: readonly number[], draw: Draw): Tracer
  /** A running statistic: no gradient goes to it. */
  buffer(name: string, shape: readonly number[], initial: number): Tracer
  /** What a running statistic is after a training step. */
  updateBuffer(name: string, value: Tracer): void
  /** Marks a layer for approximations of the curvature. @returns The output to go on with. */
  tap(layer: LayerTap): Tracer
}

/** One tensor of parameters. */
export interface ParameterDeclaration {
  readonly name: string
  readonly shape: readonly number[]
  readonly draw: Draw
  readonly rule: TensorRule
}

/** One running statistic. */
export interface BufferDeclaration {
  readonly name: string
  readonly shape: readonly number[]
  readonly initial: number
}

interface Held<T> {
  readonly declaration: T
  /** The input of the program. */
  readonly input: Tracer
}

/** What a trace has come upon so far; one object for all scopes of a trace. */
export class TraceRecord {
  readonly parameters = new Map<string, Held<ParameterDeclaration>>()
  readonly buffers = new Map<string, Held<BufferDeclaration>>()
  readonly updates = new Map<string, Tracer>()

  /** The inputs of the program: parameters, then running statistics. */
  get inputs(): Tracer[] {
    return [...this.parameters.values(), ...this.buffers.values()].map(({ input }) => input)
  }

  /** New values of the running statistics, in their order. */
  get updatedBuffers(): Tracer[] {
    return [...this.buffers].map(([name, { input }]) => this.updates.get(name) ?? input)
  }
}

/** How a scope treats what it is asked for. */
export interface ScopeOptions {
  readonly mode: Mode
  readonly rule: (draw: Draw) => TensorRule
  /** Called for each marked layer; gives the output to go on with. */
  readonly onTap?: ((tap: PlacedTap) => Tracer) | undefined
}

/** A scope that makes an input of the program for each parameter and statistic. */
export function tracingScope(
  graph: Graph,
  record: TraceRecord,
  options: ScopeOptions,
  prefix = '',
): Scope {
  const factorOf = (name: string): number =>
    record.parameters.get(name)?.declaration.rule.factor ?? 1
  return {
    mode: options.mode,
    within: (name) => tracingScope(graph, record, options, `${prefix}${name}.`),
    parameter: (name, shape, draw) => {
      const fullName = prefix + name
      let held = record.parameters.get(fullName)
      if (held === undefined) {
        const declaration = { name: fullName, shape, draw, rule: options.rule(draw) }
        held = { declaration, input: graph.input({ dtype: 'float32', shape }) }
        record.parameters.set(fullName, held)
      }
      const { factor } = held.declaration.rule
      return factor === 1 ? held.input : mul(held.input, factor)
    },
    buffer: (name, shape, initial) => {
      const fullName = prefix + name
      const input = graph.input({ dtype: 'float32', shape })
      record.buffers.set(fullName, { declaration: { name: fullName, shape, initial }, input })
      return input
    },
    updateBuffer: (name, value) => {
      invariant(record.buffers.has(prefix + name), `no buffer ${prefix + name}`)
      record.updates.set(prefix + name, value)
    },
    tap: (layer) => {
      const weight = prefix + layer.weight
      const bias = layer.bias === null ? null : prefix + layer.bias
      return options.onTap?.({ ...layer, weight, bias, factor: factorOf(weight) }) ?? layer.output
    },
  }
}
