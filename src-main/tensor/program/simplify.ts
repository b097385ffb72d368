import { sameShape, sizeOf } from '#tensor/dense'
import type { PrimitiveParams } from './primitives.ts'
import { inferType } from './shape-rules.ts'
import { Graph, inlineProgram, reemit, type Tracer } from './tracer.ts'
import type { Equation, EquationOf, Program, Variable } from './types.ts'

/** What {@link simplifyProgram} may use beyond identities. */
export interface SimplifyOptions {
  /**
   * Inputs (by index) that vary while the others stay, such as tangents: products are reassociated
   * so that what stays meets before it meets them, `p1·(p2·t)` → `(p1·p2)·t`.
   */
  readonly varyingInputs?: readonly number[]
}

/** Primitives under which a filled tensor stays a filled tensor of the same number. */
const keepsConstants = new Set<Equation['primitive']>([
  'reshape',
  'transpose',
  'broadcast',
  'slice',
  'reverse',
  'stopGradient',
])

const foldUnary: Partial<Record<Equation['primitive'], (x: number) => number>> = {
  neg: (x) => -x,
  abs: Math.abs,
  sign: Math.sign,
  exp: Math.exp,
  sqrt: Math.sqrt,
}
const foldBinary: Partial<Record<Equation['primitive'], (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  maximum: Math.max,
  minimum: Math.min,
}

/** Keeps apart what JSON writes alike: −0 and 0, and the numbers it writes as null. */
const exactly = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
    ? `${Object.is(value, -0) ? '-' : ''}${value}`
    : value

/** Rewrites one equation at a time while a program is replayed into a new graph. */
class Simplifier {
  readonly #graph: Graph
  readonly #known = new Map<string, Tracer>()
  readonly #ids = new Map<Variable, number>()
  readonly #definitions = new Map<Variable, { equation: Equation; inputs: readonly Tracer[] }>()
  readonly #varying = new Set<Variable>()

  constructor(graph: Graph, varying: readonly Tracer[]) {
    this.#graph = graph
    for (const tracer of varying) this.#varying.add(tracer.variable)
  }

  visit(equation: Equation, inputs: readonly Tracer[]): Tracer {
    return this.#rewrite(equation, inputs) ?? this.#share(equation, inputs)
  }

  /** Emits the equation, or gives the earlier equal one (common subexpressions). */
  #share(equation: Equation, inputs: readonly Tracer[]): Tracer {
    const operands = inputs.map((input) => this.#idOf(input.variable)).join(',')
    const key = `${equation.primitive}(${operands})${JSON.stringify(equation.params, exactly)}`
    const earlier = this.#known.get(key)
    if (earlier !== undefined) return earlier
    const result = reemit(this.#graph, equation, inputs)
    this.#known.set(key, result)
    this.#definitions.set(result.variable, { equation, inputs })
    if (inputs.some((input) => this.#varying.has(input.variable))) {
      this.#varying.add(result.variable)
    }
    return result
  }

  #emit<P extends Equation['primitive']>(
    primitive: P,
    inputs: readonly Tracer[],
    params: PrimitiveParams[P],
  ): Tracer {
    // Only primitive and params are read from here on; type and output come from the inputs.
    const equation = { primitive, params } as unknown as Equation
    return this.visit(equation, inputs)
  }

  #idOf(variable: Variable): number {
    const known = this.#ids.get(variable)
    if (known !== undefined) return known
    this.#ids.set(variable, this.#ids.size)
    return this.#ids.size - 1
  }

  #constantOf(tracer: Tracer): number | null {
    const equation = this.#definitions.get(tracer.variable)?.equation
    return equation?.primitive === 'constant' ? equation.params.value : null
  }

  #constant(like: Tracer, shape: readonly number[], value: number): Tracer {
    return this.#emit('constant', [], { value, shape, dtype: like.type.dtype })
  }

  #rewrite(equation: Equation, inputs: readonly Tracer[]): Tracer | null {
    const [a, b] = inputs
    if (a === undefined) return null
    const aValue = this.#constantOf(a)
    if (b === undefined) return this.#rewriteUnary(equation, a, aValue)
    const bValue = this.#constantOf(b)
    const fold = foldBinary[equation.primitive]
    if (fold !== undefined && aValue !== null && bValue !== null) {
      return this.#constant(a, a.shape, fold(aValue, bValue))
    }
    switch (equation.primitive) {
      case 'add':
        if (aValue === 0) return b
        return bValue === 0 ? a : null
      case 'sub':
        if (bValue === 0) return a
        return aValue === 0 ? this.#emit('neg', [b], {}) : null
      case 'div':
        return bValue === 1 ? a : null
      case 'mul':
        return this.#rewriteProduct(a, b, aValue, bValue)
      default:
        return null
    }
  }

  #rewriteUnary(equation: Equation, x: Tracer, value: number | null): Tracer | null {
    if (value !== null) return this.#foldConstant(equation, x, value)
    const inner = this.#definitions.get(x.variable)
    switch (equation.primitive) {
      case 'neg':
        return inner?.equation.primitive === 'neg' ? inner.inputs[0]! : null
      case 'integerPower':
        return equation.params.exponent === 1 ? x : null
      case 'cast':
        return equation.params.dtype === x.type.dtype ? x : null
      case 'reshape':
        if (sameShape(x.shape, equation.params.shape)) return x
        return inner?.equation.primitive === 'reshape'
          ? this.#emit('reshape', [inner.inputs[0]!], equation.params)
          : null
      case 'reduceSum':
        return inner?.equation.primitive === 'broadcast'
          ? this.#sumOfBroadcast(equation, inner.equation, x, inner.inputs[0]!)
          : null
      default:
        return null
    }
  }

  #foldConstant(equation: Equation, x: Tracer, value: number): Tracer | null {
    const fold = foldUnary[equation.primitive]
    if (fold !== undefined) return this.#constant(x, x.shape, fold(value))
    if (equation.primitive === 'reduceSum') {
      const { axes } = equation.params
      const shape = x.shape.filter((_, axis) => !axes.includes(axis))
      return this.#constant(x, shape, value * sizeOf(axes.map((axis) => x.shape[axis]!)))
    }
    if (!keepsConstants.has(equation.primitive)) return null
    return this.#constant(x, inferType(equation.primitive, [x.type], equation.params).shape, value)
  }

  /** Σ over repeated dimensions is a product with their extent. */
  #sumOfBroadcast(
    sum: EquationOf<'reduceSum'>,
    broadcast: EquationOf<'broadcast'>,
    x: Tracer,
    source: Tracer,
  ): Tracer | null {
    const repeated = sum.params.axes.filter((axis) => !broadcast.params.axes.includes(axis))
    if (repeated.length !== sum.params.axes.length) return null
    const kept = x.shape.map((_, axis) => axis).filter((axis) => !repeated.includes(axis))
    const factor = this.#constant(x, source.shape, sizeOf(repeated.map((axis) => x.shape[axis]!)))
    return this.#emit('broadcast', [this.#emit('mul', [source, factor], {})], {
      shape: kept.map((axis) => x.shape[axis]!),
      axes: broadcast.params.axes.map((axis) => kept.indexOf(axis)),
    })
  }

  #rewriteProduct(a: Tracer, b: Tracer, aValue: number | null, bValue: number | null) {
    const value = aValue ?? bValue
    const other = aValue === null ? a : b
    if (value === 0) return this.#constant(other, other.shape, 0)
    if (value === 1) return other
    if (value === -1) return this.#emit('neg', [other], {})
    return this.#reassociate(a, b)
  }

  #reassociate(a: Tracer, b: Tracer): Tracer | null {
    if (this.#varying.has(a.variable) === this.#varying.has(b.variable)) return null
    const [still, moving] = this.#varying.has(a.variable) ? [b, a] : [a, b]
    const inner = this.#definitions.get(moving.variable)
    if (inner?.equation.primitive === 'neg') {
      return this.#emit('mul', [this.#emit('neg', [still], {}), inner.inputs[0]!], {})
    }
    if (inner?.equation.primitive !== 'mul') return null
    const [p, t] = inner.inputs as [Tracer, Tracer]
    if (this.#varying.has(p.variable) === this.#varying.has(t.variable)) return null
    const [innerStill, innerMoving] = this.#varying.has(p.variable) ? [t, p] : [p, t]
    return this.#emit('mul', [this.#emit('mul', [still, innerStill], {}), innerMoving], {})
  }
}

/** Drops equations whose results nobody reads. */
export function pruneProgram(program: Program): Program {
  const needed = new Set<Variable>(program.outputs)
  const kept: Equation[] = []
  for (const equation of program.equations.toReversed()) {
    if (!needed.has(equation.output)) continue
    kept.push(equation)
    for (const input of equation.inputs) needed.add(input)
  }
  return { ...program, equations: kept.reverse() }
}

/**
 * An equal program with less work: common subexpressions shared, constants folded, zeros and ones
 * removed, unread equations dropped.
 *
 * Values change by rounding only, but where reassociated products over- or underflow on the way, or `0·x` met a
 * non-finite x.
 */
export function simplifyProgram(program: Program, options: SimplifyOptions = {}): Program {
  const live = pruneProgram(program)
  const graph = new Graph()
  const inputs = live.inputs.map((variable) => graph.input(variable.type))
  const varying = (options.varyingInputs ?? []).map((index) => inputs[index]!)
  const simplifier = new Simplifier(graph, varying)
  const outputs = inlineProgram(live, graph, inputs, (equation, traced) =>
    simplifier.visit(equation, traced),
  )
  return pruneProgram(graph.finish(live.name, inputs, outputs))
}
