import { InputError } from '#base'
import { denseMatrix, largestDense, selectTensors, type DenseMatrix } from '#geometry/curvature'
import { outputsOf } from '#learn/tasks'
import { sizeOf } from '#tensor/dense'
import { batchTangents } from '#tensor/transforms'
import { curvatureOfSamples, type CurvatureOfSamples } from './curvature-of-samples.ts'
import { curvatureProgram } from './curvature-programs.ts'
import { scoresPerRow } from './draw-scores.ts'
import { orderOf, type MatrixSize, type ProductSetting } from './forecast.ts'

/** A matrix of curvature to be written out in float64. */
export type DenseCurvatureOptions = Omit<
  CurvatureOfSamples,
  'rows' | 'batchSize' | 'residualMemory' | 'basis' | 'runtime'
> & {
  readonly signal?: AbortSignal | undefined
  /** Called with the rows that are there. */
  readonly onProgress?: ((rows: number) => void) | undefined
}

/** Vectors and samples of a product in float64, from the fastest to what takes least memory. */
const blocks: readonly (readonly [number, number])[] = [
  [32, 256],
  [32, 64],
  [32, 16],
  [16, 8],
  [8, 4],
  [4, 2],
  [1, 1],
]

/** Entries of the largest value within a product: 32 MB. */
const largestValue = 2 ** 22

/** How the products of a dense matrix are evaluated: vectors and samples at once whose product fits. */
export function denseSetting({ model, loss, sampleCount, matrix }: MatrixSize): ProductSetting {
  const { operator: kind, draws, tensors } = matrix
  const { places } = selectTensors(model.layout, tensors)
  const scores = scoresPerRow(loss, draws, outputsOf(model.task.targets))
  const fits = ([rows, batchSize]: readonly [number, number]): boolean => {
    // A product of the Gram matrix goes through the same values as one of the Gauss–Newton matrix.
    const { product } = curvatureProgram(
      kind === 'ntk' ? 'ggn' : kind,
      { model, loss, batchSize: Math.min(batchSize, sampleCount) },
      scores,
    )
    const program = batchTangents(product(places), places.length, rows)
    return program.equations.every(({ output }) => sizeOf(output.type.shape) <= largestValue)
  }
  const [rows, batchSize] = blocks.find(fits) ?? [1, 1]
  return { rows, batchSize, residualMemory: 0 }
}

/**
 * A matrix of curvature of {@link curvatureOfSamples} as a whole, in float64 throughout: the oracle of what is estimated.
 *
 * Cost: as many products as it has rows, in float64 about twice the time of float32; 8·n² bytes.
 * Deterministic on one runtime build with one number of threads.
 *
 * @throws InputError if its order is more than 5,000, and as {@link curvatureOfSamples}.
 * @throws NonFiniteError if an entry is not finite.
 * @throws StoppedError between blocks of rows, if the signal says so.
 */
export async function denseCurvature(options: DenseCurvatureOptions): Promise<DenseMatrix> {
  const { signal, onProgress, ...matrix } = options
  const { kind, model, loss, samples, draws = 1, tensors } = options
  const size: MatrixSize = {
    model,
    loss,
    sampleCount: samples.count,
    matrix: { operator: kind, draws, tensors: tensors === undefined ? undefined : [...tensors] },
  }
  const order = orderOf(size)
  if (order > largestDense) {
    throw new InputError(
      'dense',
      `a dense matrix must be of order ${largestDense} or less, got ${order}`,
    )
  }
  const operator = await curvatureOfSamples({
    ...matrix,
    ...denseSetting(size),
    parameters: Float64Array.from(options.parameters),
  })
  try {
    return await denseMatrix(operator, { signal, onProgress })
  } finally {
    await operator.release()
  }
}
