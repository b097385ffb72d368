import type { ValueType } from '#tensor/program'
import { erfNode } from './lowering-erf.ts'
import type { LowerRule } from './lowering-rule.ts'
import { elementTypeOf, type OnnxGraph } from './onnx-graph.ts'
import { geluPolynomial } from './scalar-functions.ts'

/** Horner's scheme on a value already computed; in its square where the polynomial is even or odd. */
function polynomialNode(
  graph: OnnxGraph,
  coefficients: readonly number[],
  x: string,
  type: ValueType,
): string {
  const has = (parity: number): boolean => coefficients.some((c, i) => c !== 0 && i % 2 === parity)
  if (coefficients.length > 2 && !(has(0) && has(1))) {
    const parity = has(1) ? 1 : 0
    const inSquare = coefficients.filter((_, i) => i % 2 === parity)
    const value = polynomialNode(graph, inSquare, graph.node('Mul', [x, x]), type)
    return parity === 1 ? graph.node('Mul', [x, value]) : value
  }
  const number = (value: number): string => graph.number(value, type.dtype, type.shape.length)
  const plus = (value: string, c: number): string =>
    c === 0 ? value : graph.node('Add', [value, number(c)])
  const [first = 0, second, ...rest] = coefficients.toReversed()
  if (second === undefined) return plus(graph.node('Mul', [x, number(0)]), first)
  const line = ((): string => {
    if (first === 1) return plus(x, second)
    if (first === -1) return graph.node('Sub', [number(second), x])
    return plus(graph.node('Mul', [x, number(first)]), second)
  })()
  return rest.reduce((value, c) => plus(graph.node('Mul', [value, x]), c), line)
}

/** Derivatives of a function f with f′ a polynomial in f. */
export const viaPolynomial =
  (opType: string, polynomial: (order: number) => number[]): LowerRule<'tanh' | 'logistic'> =>
  (graph, [x], { order }, type) => {
    const base = graph.node(opType, [x!.name])
    const name = order === 0 ? base : polynomialNode(graph, polynomial(order), base, type)
    return { name, actual: x!.actual }
  }

/** GELU and its derivatives by the normal law's distribution and density. */
export const lowerGelu: LowerRule<'gelu'> = (graph, [x], { order }, type) => {
  const number = (value: number): string => graph.number(value, type.dtype, type.shape.length)
  const cumulative = (): string => {
    const scaled = graph.node('Mul', [x!.name, number(Math.SQRT1_2)])
    const half = graph.node('Mul', [erfNode(graph, scaled, type), number(0.5)])
    return graph.node('Add', [half, number(0.5)])
  }
  const density = (): string => {
    const square = graph.node('Mul', [x!.name, x!.name])
    const bell = graph.node('Exp', [graph.node('Mul', [square, number(-0.5)])])
    return graph.node('Mul', [bell, number(1 / Math.sqrt(2 * Math.PI))])
  }
  const name = ((): string => {
    if (order === 0) return graph.node('Mul', [x!.name, cumulative()])
    if (order === 1) {
      return graph.node('Add', [cumulative(), graph.node('Mul', [x!.name, density()])])
    }
    const factor = polynomialNode(graph, geluPolynomial(order), x!.name, type)
    return graph.node('Mul', [density(), factor])
  })()
  return { name, actual: x!.actual }
}

/** max(x, 0), its step, and zero. */
export const lowerRelu: LowerRule<'relu'> = (graph, [x], { order }, type) => {
  const zero = graph.number(0, type.dtype, type.shape.length)
  if (order === 0) return { name: graph.node('Relu', [x!.name]), actual: x!.actual }
  if (order > 1) return { name: zero, actual: type.shape.map(() => 1) }
  const isPositive = graph.node('Greater', [x!.name, zero])
  return {
    name: graph.node('Cast', [isPositive], { to: elementTypeOf(type.dtype) }),
    actual: x!.actual,
  }
}
