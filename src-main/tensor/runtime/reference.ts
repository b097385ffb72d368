import { ShapeError } from '#base'
import { sizeOf } from '#tensor/dense'
import {
  extentsAt,
  freeAxes,
  spatialOf,
  type Equation,
  type Primitive,
  type PrimitiveParams,
  type Program,
  type ValueType,
  type Variable,
} from '#tensor/program'
import { erf, nonlinearities } from './scalar-functions.ts'

/** A value of the interpreter; every number type is held as float64, bool as 0 and 1. */
interface Value {
  readonly shape: readonly number[]
  readonly data: Float64Array
}

type ReferenceRule<P extends Primitive> = (
  inputs: readonly Value[],
  params: PrimitiveParams[P],
  type: ValueType,
) => Float64Array

const strides = (shape: readonly number[]): number[] => {
  const result = new Array<number>(shape.length).fill(1)
  for (let axis = shape.length - 2; axis >= 0; axis -= 1) {
    result[axis] = result[axis + 1]! * shape[axis + 1]!
  }
  return result
}

/** Calls with every index of a shape, in row-major order. */
function forEachIndex(shape: readonly number[], visit: (index: number[], flat: number) => void) {
  const index = new Array<number>(shape.length).fill(0)
  const total = sizeOf(shape)
  for (let flat = 0; flat < total; flat += 1) {
    visit(index, flat)
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      index[axis]! += 1
      if (index[axis]! < shape[axis]!) break
      index[axis] = 0
    }
  }
}

const at = (value: Value, index: readonly number[]): number => {
  const step = strides(value.shape)
  return value.data[index.reduce((flat, i, axis) => flat + i * step[axis]!, 0)]!
}

const unary =
  (f: (x: number) => number): ReferenceRule<Primitive> =>
  ([x]) =>
    x!.data.map(f)
const derivative =
  (name: keyof typeof nonlinearities): ReferenceRule<keyof typeof nonlinearities> =>
  ([x], { order }) =>
    x!.data.map((value) => nonlinearities[name](value, order))
const binary =
  (f: (a: number, b: number) => number): ReferenceRule<Primitive> =>
  ([a, b]) =>
    a!.data.map((value, i) => f(value, b!.data[i]!))

/** Fills the result by looking up, for each of its indices, an index of the input (or none: 0). */
const gathered =
  <P extends Primitive>(
    source: (index: readonly number[], params: PrimitiveParams[P], x: Value) => number[] | null,
  ): ReferenceRule<P> =>
  ([x], params, type) => {
    const result = new Float64Array(sizeOf(type.shape))
    forEachIndex(type.shape, (index, flat) => {
      const from = source(index, params, x!)
      result[flat] = from === null ? 0 : at(x!, from)
    })
    return result
  }

function reduced(
  x: Value,
  axes: readonly number[],
  type: ValueType,
  start: number,
  f: (accumulated: number, value: number) => number,
): Float64Array {
  const result = new Float64Array(sizeOf(type.shape)).fill(start)
  const step = strides(type.shape)
  forEachIndex(x.shape, (index, flat) => {
    const kept = index.filter((_, axis) => !axes.includes(axis))
    const target = kept.reduce((sum, i, axis) => sum + i * step[axis]!, 0)
    result[target] = f(result[target]!, x.data[flat]!)
  })
  return result
}

/** Rows over the last dimensions. */
function rowsOf(x: Value, dimensions = 1): Float64Array[] {
  const width = sizeOf(x.shape.slice(-dimensions))
  return Array.from({ length: x.data.length / width }, (_, row) =>
    x.data.slice(row * width, (row + 1) * width),
  )
}

function logSumExpOf(row: Float64Array): number {
  const largest = row.reduce((a, b) => Math.max(a, b), -Infinity)
  return largest + Math.log(row.reduce((sum, value) => sum + Math.exp(value - largest), 0))
}

function momentsOf(row: Float64Array, epsilon: number): { mean: number; deviation: number } {
  const mean = row.reduce((sum, x) => sum + x, 0) / row.length
  const variance = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / row.length
  return { mean, deviation: Math.sqrt(variance + epsilon) }
}

/** The defining sum, entry by entry. */
const referenceConv: ReferenceRule<'conv'> = ([lhs, rhs], params, type) => {
  const { lhsAxes, rhsAxes, outAxes, low, inputDilation, kernelDilation } = params
  const [feature, ...kernel] = extentsAt(rhs!.shape, [rhsAxes[2]!, ...spatialOf(rhsAxes)])
  const input = extentsAt(lhs!.shape, spatialOf(lhsAxes))
  const result = new Float64Array(sizeOf(type.shape))
  const left = new Array<number>(lhsAxes.length)
  const right = new Array<number>(rhsAxes.length)
  forEachIndex(type.shape, (index, flat) => {
    left[lhsAxes[0]!] = right[rhsAxes[0]!] = index[outAxes[0]!]!
    left[lhsAxes[1]!] = index[outAxes[1]!]!
    right[rhsAxes[1]!] = index[outAxes[2]!]!
    let total = 0
    forEachIndex([feature!, ...kernel], ([f, ...taps]) => {
      left[lhsAxes[2]!] = right[rhsAxes[2]!] = f!
      const sources = taps.map((tap, i) => {
        const position = index[outAxes[3 + i]!]! * params.strides[i]!
        return (position + tap * kernelDilation[i]! - low[i]!) / inputDilation[i]!
      })
      taps.forEach((tap, i) => {
        left[lhsAxes[3 + i]!] = sources[i]!
        right[rhsAxes[3 + i]!] = tap
      })
      const isInside = sources.every((s, i) => Number.isInteger(s) && s >= 0 && s < input[i]!)
      if (isInside) total += at(lhs!, left) * at(rhs!, right)
    })
    result[flat] = total
  })
  return result
}

/** What each primitive means, in the plainest float64; total by type. Never optimized. */
export const referenceRules: { readonly [P in Primitive]: ReferenceRule<P> } = {
  constant: (_inputs, { value, shape }) => new Float64Array(sizeOf(shape)).fill(value),
  iota: (_inputs, { axis }, type) => {
    const result = new Float64Array(sizeOf(type.shape))
    forEachIndex(type.shape, (index, flat) => (result[flat] = index[axis]!))
    return result
  },
  neg: unary((x) => -x),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  erf: unary(erf),
  tanh: derivative('tanh'),
  logistic: derivative('logistic'),
  softplus: derivative('softplus'),
  gelu: derivative('gelu'),
  relu: derivative('relu'),
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  maximum: binary(Math.max),
  minimum: binary(Math.min),
  integerPower: ([x], { exponent }) => x!.data.map((value) => value ** exponent),
  greater: binary((a, b) => (a > b ? 1 : 0)),
  equal: binary((a, b) => (a === b ? 1 : 0)),
  select: ([predicate, a, b]) =>
    predicate!.data.map((flag, i) => (flag === 0 ? b!.data[i]! : a!.data[i]!)),
  cast: ([x], { dtype }) => {
    if (dtype === 'bool') return x!.data.map((value) => (value === 0 ? 0 : 1))
    return dtype === 'int32' ? x!.data.map(Math.trunc) : x!.data.slice()
  },
  stopGradient: ([x]) => x!.data.slice(),
  reshape: ([x]) => x!.data.slice(),
  transpose: gathered((index, { permutation }) =>
    permutation.map((_, axis) => index[permutation.indexOf(axis)]!),
  ),
  broadcast: gathered((index, { axes }) => axes.map((axis) => index[axis]!)),
  slice: gathered((index, { starts }) => index.map((i, axis) => i + starts[axis]!)),
  pad: gathered((index, { low }, x) => {
    const from = index.map((i, axis) => i - low[axis]!)
    return from.every((i, axis) => i >= 0 && i < x.shape[axis]!) ? from : null
  }),
  concatenate: (inputs, { axis }, type) => {
    const result = new Float64Array(sizeOf(type.shape))
    forEachIndex(type.shape, (index, flat) => {
      let part = 0
      let offset = index[axis]!
      while (offset >= inputs[part]!.shape[axis]!) {
        offset -= inputs[part]!.shape[axis]!
        part += 1
      }
      result[flat] = at(inputs[part]!, index.with(axis, offset))
    })
    return result
  },
  reverse: gathered((index, { axes }, x) =>
    index.map((i, axis) => (axes.includes(axis) ? x.shape[axis]! - 1 - i : i)),
  ),
  reduceSum: ([x], { axes }, type) => reduced(x!, axes, type, 0, (a, b) => a + b),
  reduceMax: ([x], { axes }, type) => reduced(x!, axes, type, -Infinity, Math.max),
  argmax: ([x], { axis }, type) => {
    const result = new Float64Array(sizeOf(type.shape))
    forEachIndex(type.shape, (index, flat) => {
      const value = (i: number): number => at(x!, index.toSpliced(axis, 0, i))
      let best = 0
      for (let i = 1; i < x!.shape[axis]!; i += 1) if (value(i) > value(best)) best = i
      result[flat] = best
    })
    return result
  },
  softmax: ([x]) =>
    Float64Array.from(
      rowsOf(x!).flatMap((row) => {
        const shift = logSumExpOf(row)
        return [...row].map((value) => Math.exp(value - shift))
      }),
    ),
  logSumExp: ([x]) => Float64Array.from(rowsOf(x!).map(logSumExpOf)),
  dot: ([lhs, rhs], params, type) => {
    const lhsFree = freeAxes(lhs!.shape.length, params.lhsContract, params.lhsBatch)
    const rhsFree = freeAxes(rhs!.shape.length, params.rhsContract, params.rhsBatch)
    const extents = params.lhsContract.map((axis) => lhs!.shape[axis]!)
    const lhsStep = strides(lhs!.shape)
    const rhsStep = strides(rhs!.shape)
    const result = new Float64Array(sizeOf(type.shape))
    const batchCount = params.lhsBatch.length
    forEachIndex(type.shape, (index, flat) => {
      const offset = (axes: readonly number[], step: readonly number[], from: number): number =>
        axes.reduce((sum, axis, i) => sum + index[from + i]! * step[axis]!, 0)
      const left = offset(params.lhsBatch, lhsStep, 0) + offset(lhsFree, lhsStep, batchCount)
      const right =
        offset(params.rhsBatch, rhsStep, 0) + offset(rhsFree, rhsStep, batchCount + lhsFree.length)
      let total = 0
      forEachIndex(extents, (inner) => {
        const l = inner.reduce((sum, i, j) => sum + i * lhsStep[params.lhsContract[j]!]!, left)
        const r = inner.reduce((sum, i, j) => sum + i * rhsStep[params.rhsContract[j]!]!, right)
        total += lhs!.data[l]! * rhs!.data[r]!
      })
      result[flat] = total
    })
    return result
  },
  standardize: ([x], { epsilon, dimensions }) =>
    Float64Array.from(
      rowsOf(x!, dimensions).flatMap((row) => {
        const { mean, deviation } = momentsOf(row, epsilon)
        return [...row].map((value) => (value - mean) / deviation)
      }),
    ),
  inverseDeviation: ([x], { epsilon, dimensions }) =>
    Float64Array.from(rowsOf(x!, dimensions).map((row) => 1 / momentsOf(row, epsilon).deviation)),
  conv: referenceConv,
  gather: ([x, indices], { axis }, type) => {
    const rank = indices!.shape.length
    const result = new Float64Array(sizeOf(type.shape))
    forEachIndex(type.shape, (index, flat) => {
      const row = at(indices!, index.slice(axis, axis + rank))
      result[flat] = at(x!, index.toSpliced(axis, rank, row))
    })
    return result
  },
  scatterAdd: ([updates, indices], { axis }, type) => {
    const rank = indices!.shape.length
    const step = strides(type.shape)
    const result = new Float64Array(sizeOf(type.shape))
    forEachIndex(updates!.shape, (index, flat) => {
      const row = at(indices!, index.slice(axis, axis + rank))
      const target = index.toSpliced(axis, rank, row)
      result[target.reduce((sum, i, j) => sum + i * step[j]!, 0)]! += updates!.data[flat]!
    })
    return result
  },
}

/**
 * Evaluates a program in float64, one entry at a time: the oracle the fast paths are compared with.
 *
 * @param inputs - One flat row-major array an input, of any number type.
 * @returns One float64 array an output.
 * @throws ShapeError if an input has the wrong number of entries.
 */
export function interpretProgram(
  program: Program,
  inputs: readonly ArrayLike<number>[],
): Float64Array[] {
  const environment = new Map<Variable, Value>()
  program.inputs.forEach((variable, i) => {
    const data = Float64Array.from(inputs[i] ?? [])
    if (data.length !== sizeOf(variable.type.shape)) {
      throw new ShapeError(`input ${i} of ${program.name}`, `[${variable.type.shape.join(', ')}]`, [
        data.length,
      ])
    }
    environment.set(variable, { shape: variable.type.shape, data })
  })
  for (const equation of program.equations) {
    const values = equation.inputs.map((input) => environment.get(input)!)
    const { type } = equation.output
    environment.set(equation.output, { shape: type.shape, data: evaluate(equation, values, type) })
  }
  return program.outputs.map((output) => environment.get(output)!.data)
}

function evaluate(equation: Equation, values: readonly Value[], type: ValueType): Float64Array {
  // The rule and the params belong to one primitive; TypeScript cannot see it through the union.
  const rule = referenceRules[equation.primitive] as ReferenceRule<Primitive>
  return rule(values, equation.params, type)
}
