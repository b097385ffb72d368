import type { ValueType } from '#tensor/program'
import type { Lowered, LoweringRules } from './lowering-rule.ts'
import type { OnnxGraph } from './onnx-graph.ts'

/**
 * Rules for WebGPU, whose own operators are too coarse: it allows sin and cos an error of 2⁻¹¹
 * (https://www.w3.org/TR/WGSL/#concrete-float-accuracy), and computes powers through exp and log.
 */
export const webgpuRules: Partial<LoweringRules> = {
  sin: (graph, [x], _params, type) => sine(graph, x!, type),
  cos: (graph, [x], _params, type) => cosine(graph, x!, type),
  integerPower: (graph, [x], { exponent }, type) => power(graph, x!, exponent, type),
}

/** π in three parts of few digits: a multiple of ½ below 2¹² times each of the first two is exact in float32. */
const piParts = [3.140625, 9.67502593994140625e-4, 1.509957990978376432e-7]

/** Taylor's coefficients of sin r / r in powers of r²; on |r| ≤ π/2 the error is below 6·10⁻⁸. */
const sineCoefficients = [1, -1 / 6, 1 / 120, -1 / 5040, 1 / 362880, -1 / 39916800]

/** Elementwise arithmetic on values of one shape. */
function arithmetic(graph: OnnxGraph, type: ValueType) {
  const number = (value: number): string => graph.number(value, type.dtype, type.shape.length)
  return {
    number,
    plus: (a: string, b: string) => graph.node('Add', [a, b]),
    minus: (a: string, b: string) => graph.node('Sub', [a, b]),
    times: (a: string, b: string) => graph.node('Mul', [a, b]),
    floor: (a: string) => graph.node('Floor', [a]),
  }
}

/** sin(x) = (−1)^k·sin r with k the whole number next to x/π and r = x − kπ. */
function sine(graph: OnnxGraph, x: Lowered, type: ValueType): Lowered {
  const { number, plus, times, floor } = arithmetic(graph, type)
  const k = floor(plus(times(x.name, number(1 / Math.PI)), number(0.5)))
  const value = times(signOf(graph, k, type), sineOfRest(graph, x.name, k, type))
  return { name: value, actual: x.actual }
}

/** cos(x) = −(−1)^k·sin r with k = ⌊x/π⌋ and r = x − (k + ½)π. */
function cosine(graph: OnnxGraph, x: Lowered, type: ValueType): Lowered {
  const { number, plus, minus, times, floor } = arithmetic(graph, type)
  const k = floor(times(x.name, number(1 / Math.PI)))
  const rest = sineOfRest(graph, x.name, plus(k, number(0.5)), type)
  const negated = minus(number(0), signOf(graph, k, type))
  return { name: times(negated, rest), actual: x.actual }
}

/** (−1)^k. */
function signOf(graph: OnnxGraph, k: string, type: ValueType): string {
  const { number, minus, times, floor } = arithmetic(graph, type)
  const half = floor(times(k, number(0.5)))
  const isOdd = minus(k, times(number(2), half))
  return minus(number(1), times(number(2), isOdd))
}

/** sin(x − cπ) for |x − cπ| ≤ π/2. */
function sineOfRest(graph: OnnxGraph, x: string, c: string, type: ValueType): string {
  const { number, plus, minus, times } = arithmetic(graph, type)
  const rest = piParts.reduce((value, part) => minus(value, times(c, number(part))), x)
  const square = times(rest, rest)
  const [last, ...others] = sineCoefficients.toReversed()
  const polynomial = others.reduce(
    (value, coefficient) => plus(times(value, square), number(coefficient)),
    number(last!),
  )
  return times(rest, polynomial)
}

/** xⁿ by squaring; 1/x^−n for n < 0. */
function power(graph: OnnxGraph, x: Lowered, exponent: number, type: ValueType): Lowered {
  const { number, times } = arithmetic(graph, type)
  if (exponent === 0) return { name: number(1), actual: type.shape.map(() => 1) }
  let square = x.name
  let product: string | null = null
  for (let left = Math.abs(exponent); left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) product = product === null ? square : times(product, square)
    if (left > 1) square = times(square, square)
  }
  const name = exponent > 0 ? product! : graph.node('Div', [number(1), product!])
  return { name, actual: x.actual }
}
