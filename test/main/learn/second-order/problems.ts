import { createStream, fillNormal } from '#base'
import { createLayout, type Layout } from '#tensor/dense'
import {
  add,
  dot,
  integerPower,
  mul,
  reduceSum,
  slice,
  sub,
  traceProgram,
  type Program,
} from '#tensor/program'
import { symmetricWithSpectrum } from '../../../support/matrices.ts'
import { float32 } from '../../../support/programs.ts'

/** A loss without data that steppers can be tried on. */
export interface Problem {
  readonly program: Program
  readonly layout: Layout
  readonly buffers: Layout
}

const withLayout = (program: Program): Problem => ({
  program,
  layout: createLayout([{ name: 'x', shape: program.inputs[0]!.type.shape }]),
  buffers: createLayout([]),
})

/** ½·⟨x, H·x⟩ with eigenvalues given; H is the second input. */
export function quadraticProblem(
  eigenvalues: readonly number[],
  seed: number,
): Problem & { readonly hessian: Float32Array; readonly start: Float32Array } {
  const n = eigenvalues.length
  const hessian = Float32Array.from(symmetricWithSpectrum(eigenvalues, seed))
  const along = { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] }
  const program = traceProgram('quadratic', [float32([n]), float32([n, n])], ([x, h]) => [
    mul(reduceSum(mul(x!, dot(h!, x!, along))), 0.5),
  ])
  const start = new Float32Array(n)
  fillNormal(start, createStream(seed, 'start'))
  return { ...withLayout(program), hessian, start }
}

/** Σᵢ wᵢ·½·⟨x, Hᵢ·x⟩; the Hessians `[rows, n, n]` and the weights `[rows]` are the batch. */
export function rowQuadratics(rows: number, n: number): Problem {
  const types = [float32([n]), float32([rows, n, n]), float32([rows])]
  return withLayout(
    traceProgram('quadratic rows', types, ([x, hessians, weights]) => {
      const along = { rhsContract: [0], lhsBatch: [], rhsBatch: [] }
      const images = dot(hessians!, x!, { ...along, lhsContract: [2] })
      const values = dot(images, x!, { ...along, lhsContract: [1] })
      return [mul(reduceSum(mul(weights!, values)), 0.5)]
    }),
  )
}

/** (1 − a)² + 100·(b − a²)². */
export const rosenbrock: Problem = withLayout(
  traceProgram('rosenbrock', [float32([2])], ([x]) => {
    const [a, b] = [slice(x!, [0], [1]), slice(x!, [1], [2])]
    const valley = integerPower(sub(b, mul(a, a)), 2)
    return [reduceSum(add(integerPower(sub(1, a), 2), mul(valley, 100)))]
  }),
)
