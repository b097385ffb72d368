import type { ValueType } from '#tensor/program'
import type { OnnxGraph } from './onnx-graph.ts'
import { scaledComplement } from './scalar-functions.ts'

/** Where t = 1 − 2a/(z + a) is 0; with it the expansion is shortest. */
const center = 3.75

/** Terms after which the expansion is right to float64's rounding. */
const termCount = 32

/**
 * Chebyshev coefficients of (1 + 2z)·e^(z²)·erfc(z), z ≥ 0, in t = (z − a)/(z + a), from its values at the Chebyshev nodes.
 *
 * @see Shepherd and Laframboise, Chebyshev approximation of (1 + 2x) exp(x²) erfc x in 0 ≤ x < ∞ (1981)
 */
function expansion(): readonly number[] {
  const angles = Array.from({ length: termCount }, (_, j) => (Math.PI * (j + 0.5)) / termCount)
  const values = angles.map((angle) => {
    const t = Math.cos(angle)
    const z = (center * (1 + t)) / (1 - t)
    return (1 + 2 * z) * scaledComplement(z)
  })
  return angles.map((_, k) => {
    const sum = angles.reduce((total, angle, j) => total + values[j]! * Math.cos(k * angle), 0)
    return ((k === 0 ? 1 : 2) / termCount) * sum
  })
}

let coefficients: readonly number[] | null = null

/** erf x. ONNX Runtime has it in float32 only; in float64 it is right to 10⁻¹⁴ absolutely. */
export function erfNode(graph: OnnxGraph, x: string, type: ValueType): string {
  if (type.dtype === 'float32') return graph.node('Erf', [x])
  const number = (value: number): string => graph.number(value, type.dtype, type.shape.length)
  const node = (opType: string, ...operands: string[]): string => graph.node(opType, operands)
  const z = node('Abs', x)
  const t = node('Sub', number(1), node('Div', number(2 * center), node('Add', z, number(center))))
  const twice = node('Add', t, t)
  coefficients ??= expansion()
  // Clenshaw's recurrence: bₖ = cₖ + 2t·bₖ₊₁ − bₖ₊₂
  let [next, afterNext] = [number(coefficients[termCount - 1]!), number(0)]
  for (let k = termCount - 2; k >= 1; k -= 1) {
    const sum = node('Add', node('Mul', twice, next), number(coefficients[k]!))
    ;[next, afterNext] = [node('Sub', sum, afterNext), next]
  }
  const leading = node('Add', node('Mul', t, next), number(coefficients[0]!))
  const series = node('Sub', leading, afterNext)
  const decay = node('Exp', node('Neg', node('Mul', z, z)))
  const slope = node('Add', node('Mul', z, number(2)), number(1))
  const complement = node('Div', node('Mul', decay, series), slope)
  return node('Mul', node('Sign', x), node('Sub', number(1), complement))
}
