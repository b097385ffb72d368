import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { AttentionOptions, PoolOptions } from '#learn/layers'
import type { Dtype } from '#tensor/dense'
import { mul, reduceSum, sin, traceProgram, type Tracer, type Window2d } from '#tensor/program'
import { compileProgram, interpretProgram } from '#tensor/runtime'
import { hvp, valueAndGradient } from '#tensor/transforms'
import { fixturePath } from './fixtures.ts'
import { largestError } from './programs.ts'

interface StoredTensor {
  readonly dtype: Dtype
  readonly shape: number[]
  readonly data: number[]
}

/** The options of all layers; a fixture holds those of its own. */
type LayerOptions = Window2d &
  PoolOptions &
  AttentionOptions & { readonly groups: number; readonly time: number }

/** One case of make-layer-fixtures.py; numbers are PyTorch's in float64. */
interface LayerCase {
  readonly name: string
  readonly options: LayerOptions
  readonly inputs: Readonly<Record<string, StoredTensor>>
  /** Inputs that are not differentiated. */
  readonly constants?: Readonly<Record<string, StoredTensor>>
  readonly readout: StoredTensor
  readonly vectors: Readonly<Record<string, StoredTensor>>
  /** The output, and what else the layer gives. */
  readonly results: readonly { readonly shape: number[]; readonly data: number[] }[]
  /** Σ readout ⊙ sin(output). */
  readonly scalar: number
  readonly gradient: Readonly<Record<string, number[]>>
  /** Hessian of the scalar in all float inputs together, times `vectors`. */
  readonly product: Readonly<Record<string, number[]>>
}

/** Values of a case by name. */
export interface LayerValues {
  readonly input: (name: string) => Tracer
  /** Null where the case leaves it out. */
  readonly optional: (name: string) => Tracer | null
}

type Layer = (values: LayerValues, options: LayerOptions) => readonly Tracer[]

const typed = ({ dtype, data }: StoredTensor): Float32Array | Int32Array =>
  dtype === 'int32' ? Int32Array.from(data) : Float32Array.from(data)

/** Two rows of tangents: the vectors, and them times −½. */
const doubled = ({ data }: StoredTensor): Float32Array =>
  Float32Array.from([...data, ...data.map((x) => -0.5 * x)])

function checkCase(fixture: LayerCase, layer: Layer): void {
  const stored = { ...fixture.inputs, ...fixture.constants, readout: fixture.readout }
  const names = Object.keys(stored)
  const values = Object.values(stored).map(typed)
  const wrt = Object.keys(fixture.gradient).map((name) => names.indexOf(name))
  const program = traceProgram(fixture.name, Object.values(stored), (tracers) => {
    const optional = (name: string): Tracer | null => tracers[names.indexOf(name)] ?? null
    const input = (name: string): Tracer => {
      const tracer = optional(name)
      if (tracer === null) throw new Error(`the case ${fixture.name} has no ${name}`)
      return tracer
    }
    const results = layer({ input, optional }, fixture.options)
    return [reduceSum(mul(input('readout'), sin(results[0]!))), ...results]
  })
  const derivative = valueAndGradient(program, wrt)
  const products = hvp(program, wrt, 2)
  const tangents = Object.values(fixture.vectors).map(doubled)
  const expected = [
    [fixture.scalar],
    ...fixture.results.map(({ data }) => data),
    ...Object.values(fixture.gradient),
  ]
  const expectedProducts = Object.values(fixture.product).map((part) => [
    ...part,
    ...part.map((x) => -0.5 * x),
  ])
  const compare = (got: readonly ArrayLike<number>[], want: readonly number[][], bound: number) => {
    expect(got.length).toBe(want.length)
    got.forEach((part, i) => expect(largestError(part, want[i]!)).toBeLessThan(bound))
  }

  test('has PyTorch’s results, gradient and Hessian products in float64 to 1e-9', () => {
    expect(program.outputs.slice(1).map(({ type }) => type.shape)).toEqual(
      fixture.results.map(({ shape }) => shape),
    )
    compare(interpretProgram(derivative, values), expected, 1e-9)
    compare(interpretProgram(products, [...values, ...tangents]), expectedProducts, 1e-9)
  })

  test('has them natively to 1e-4', async () => {
    for (const [candidate, inputs, want] of [
      [derivative, values, expected],
      [products, [...values, ...tangents], expectedProducts],
    ] as const) {
      const executable = await compileProgram(candidate)
      const got = await executable.run(inputs)
      compare(got, want, 1e-4)
      await executable.release()
    }
  })
}

/**
 * Declares the tests of a layer: each case of `reference/layers/NAME.json` by both evaluations.
 *
 * @param layer - Builds the layer on a case's values; its first result is the output.
 */
export function describeLayer(name: string, layer: Layer): void {
  const { cases } = JSON.parse(readFileSync(fixturePath('layers', `${name}.json`), 'utf8')) as {
    cases: LayerCase[]
  }
  describe.each(cases)(`${name} $name`, (fixture) => {
    checkCase(fixture, layer)
  })
}
