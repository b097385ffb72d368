import { UnsupportedError } from '#base'
import { formatType, type Primitive, type Program, type ValueType } from '#tensor/program'

/** Rank up to which the operators of TensorFlow.js are defined. */
const largestRank = 6

/** Those that count with their operands, which bool is not for. */
const arithmetic = new Set<Primitive>([
  'neg',
  'abs',
  'sign',
  'add',
  'sub',
  'mul',
  'div',
  'maximum',
  'minimum',
  'integerPower',
  'greater',
  'reduceSum',
  'reduceMax',
  'argmax',
  'scatterAdd',
  'dot',
])

const isSupportedType = ({ dtype, shape }: ValueType): boolean =>
  dtype !== 'float64' && shape.length <= largestRank

const isSupported = (primitive: Primitive, type: ValueType): boolean =>
  isSupportedType(type) &&
  // Integer quotients round down in one backend and toward zero in another.
  !(primitive === 'div' && type.dtype === 'int32') &&
  !(arithmetic.has(primitive) && type.dtype === 'bool')

/**
 * Refuses a program that TensorFlow.js cannot evaluate, before anything runs.
 *
 * @param library - Named in the error.
 * @throws UnsupportedError naming the primitive and the type at fault.
 */
export function requireSupported(program: Program, library: string): void {
  for (const { primitive, inputs, output } of program.equations) {
    // Comparisons give bool whatever they compare.
    const results = primitive === 'greater' ? [] : [output]
    const wrong = [...inputs, ...results].find(({ type }) => !isSupported(primitive, type))
    if (wrong !== undefined) throw new UnsupportedError(library, primitive, formatType(wrong.type))
  }
  const wrong = [...program.inputs, ...program.outputs].find(({ type }) => !isSupportedType(type))
  if (wrong !== undefined) throw new UnsupportedError(library, 'input', formatType(wrong.type))
}
