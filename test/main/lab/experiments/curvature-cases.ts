import { readFileSync } from 'node:fs'
import { loadArrays, samplesInMemory, type Samples } from '#learn/datasets'
import { buildModel, type Architecture, type Loss, type Model } from '#learn/models'
import type { Task } from '#learn/tasks'
import { fixturePath } from '../../../support/fixtures.ts'
import { filledBatch, filledParameters } from '../../learn/models/twin-cases.ts'

/** A network whose matrices make-curvature-fixtures.py computed in float64. */
interface CurvatureFixture {
  readonly name: string
  readonly architecture: Architecture
  readonly task: Task
  readonly loss: Loss
  /** Samples. */
  readonly batchSize: number
  readonly size: number
  /** Whole matrices, as lower triangles; else their products with three hashed vectors. */
  readonly isDense: boolean
}

/** All of them. */
export const curvatureFixtures = (
  JSON.parse(readFileSync(fixturePath('curvature', 'cases.json'), 'utf8')) as {
    cases: CurvatureFixture[]
  }
).cases

/** A network with its loss and samples, to be spread into the options of a measurement. */
export interface Network {
  readonly model: Model
  readonly loss: Loss
  readonly parameters: Float32Array
  readonly samples: Samples
}

/** The network of a fixture. */
export function networkOf(fixture: CurvatureFixture): Network {
  const { architecture, task, loss } = fixture
  const model = buildModel(architecture, task)
  const [values, answers] = filledBatch(fixture) as [Float32Array, Float32Array | Int32Array]
  const samples = samplesInMemory({ ...task, values, answers })
  return { model, loss, parameters: filledParameters(model), samples }
}

/** A fixture by name. */
export const fixtureNamed = (name: string): CurvatureFixture =>
  curvatureFixtures.find((fixture) => fixture.name === name)!

/** What was computed, by name. */
export async function expectedOf({ name }: CurvatureFixture): Promise<Map<string, Float64Array>> {
  const arrays = await loadArrays(fixturePath('curvature', `${name}.npz`))
  return new Map([...arrays].map(([key, { data }]) => [key, Float64Array.from(data, Number)]))
}

/** The lower triangle of a matrix `[n, n]`, row by row. */
export const lowerTriangle = (matrix: Float64Array, size: number): Float64Array =>
  Float64Array.from(
    Array.from({ length: size }, (_, i) => [...matrix.subarray(i * size, i * size + i + 1)]).flat(),
  )

/** Largest |a − b| as a share of the largest |b|. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, largest] = [a.length === b.length ? 0 : Infinity, 0]
  for (let i = 0; i < b.length; i += 1) {
    const distance = Math.abs(a[i]! - b[i]!)
    difference = Number.isNaN(distance) ? Infinity : Math.max(difference, distance)
    largest = Math.max(largest, Math.abs(b[i]!))
  }
  return largest === 0 ? difference : difference / largest
}
