import { InputError } from '#base'
import type { Primitive, PrimitiveParams } from './primitives.ts'
import { inferType } from './shape-rules.ts'
import type { Equation, Program, ValueType, Variable } from './types.ts'

/** Collects equations while a function runs on {@link Tracer}s. */
export class Graph {
  readonly #equations: Equation[] = []

  /** A value that enters from outside. */
  input(type: ValueType): Tracer {
    return new Tracer(this, { type })
  }

  /**
   * Appends one application of a primitive.
   *
   * @throws InputError if the inputs do not fit the primitive or belong to another graph.
   */
  emit<P extends Primitive>(
    primitive: P,
    inputs: readonly Tracer[],
    params: PrimitiveParams[P],
  ): Tracer {
    if (inputs.some((input) => input.graph !== this)) {
      throw new InputError(primitive, `${primitive} mixes values of two programs`)
    }
    const type = inferType(
      primitive,
      inputs.map((input) => input.type),
      params,
    )
    const output: Variable = { type }
    // The object matches the member of the union that `primitive` selects; TypeScript cannot see it.
    this.#equations.push({
      primitive,
      inputs: inputs.map((input) => input.variable),
      params,
      output,
    } as unknown as Equation)
    return new Tracer(this, output)
  }

  /** The program that maps `inputs` to `outputs`. */
  finish(name: string, inputs: readonly Tracer[], outputs: readonly Tracer[]): Program {
    return {
      name,
      inputs: inputs.map((input) => input.variable),
      equations: [...this.#equations],
      outputs: outputs.map((output) => output.variable),
    }
  }
}

/** Stands for an array while a program is traced. */
export class Tracer {
  readonly graph: Graph
  readonly variable: Variable

  constructor(graph: Graph, variable: Variable) {
    this.graph = graph
    this.variable = variable
  }

  get type(): ValueType {
    return this.variable.type
  }

  get shape(): readonly number[] {
    return this.variable.type.shape
  }
}

/**
 * Traces a function of arrays into a program.
 *
 * @param name - Shown in errors and prints.
 * @param inputTypes - One a parameter of the function.
 * @param define - Runs once, on tracers; may only combine them by the operations of this folder.
 *
 * @example
 * const square = traceProgram('square', [{ dtype: 'float32', shape: [3] }], ([x]) => [mul(x, x)])
 */
export function traceProgram(
  name: string,
  inputTypes: readonly ValueType[],
  define: (inputs: readonly Tracer[]) => readonly Tracer[],
): Program {
  const graph = new Graph()
  const inputs = inputTypes.map((type) => graph.input(type))
  return graph.finish(name, inputs, define(inputs))
}

/**
 * Replays a program's equations in a graph, on other inputs.
 *
 * @param visit - Called for each equation with its traced inputs; may emit something else instead.
 * @returns Tracers of the program's outputs.
 */
export function inlineProgram(
  program: Program,
  graph: Graph,
  inputs: readonly Tracer[],
  visit: (equation: Equation, inputs: readonly Tracer[]) => Tracer = (equation, traced) =>
    reemit(graph, equation, traced),
): Tracer[] {
  const environment = new Map<Variable, Tracer>()
  program.inputs.forEach((variable, i) => environment.set(variable, inputs[i]!))
  const read = (variable: Variable): Tracer => {
    const tracer = environment.get(variable)
    if (tracer === undefined) throw new Error('internal: variable read before it is assigned')
    return tracer
  }
  for (const equation of program.equations) {
    environment.set(equation.output, visit(equation, equation.inputs.map(read)))
  }
  return program.outputs.map(read)
}

/** Emits an equation again on other inputs. */
export function reemit(graph: Graph, equation: Equation, inputs: readonly Tracer[]): Tracer {
  return graph.emit(equation.primitive, inputs, equation.params)
}
