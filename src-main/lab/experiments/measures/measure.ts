import type { MeasureSpec, MeasurementDocument } from '#shared/schemas'
import { measureDense } from './dense.ts'
import { densityProducts, measureDensity } from './density.ts'
import { measureDiagonal } from './diagonal.ts'
import { measureEigenpairs } from './eigenpairs.ts'
import type { MeasureSite } from './site.ts'
import { measureInterior } from './interior.ts'
import { measureNumber } from './scalar.ts'
import { measureTrace } from './trace.ts'

/**
 * Matrix-vector products a measurement will take, at most.
 *
 * @param size - Order of the matrix.
 */
export function forecastProducts(measure: MeasureSpec, size: number): number {
  switch (measure.kind) {
    case 'eigenpairs':
    case 'interior':
    case 'evolution':
      return measure.maxProducts
    case 'trace':
    case 'scalar':
    case 'diagonal':
      return measure.precision === undefined ? measure.probes : measure.maxProducts
    case 'density':
      return densityProducts(measure)
    case 'dense':
      return size
  }
}

/** A measurement that is made at one step. */
export type QuantitySpec = Exclude<MeasureSpec, { kind: 'evolution' }>

/**
 * Measures one quantity of a matrix and says how: method, seed, cost, uncertainty, status.
 *
 * Deterministic for equal matrix, spec and seed: the random vectors come from streams named by seed and
 * position. But eigenpairs whose spec names no block size take what is fastest at the time, which changes their last
 * digits.
 */
export async function measureQuantity(
  measure: QuantitySpec,
  site: MeasureSite,
): Promise<MeasurementDocument> {
  switch (measure.kind) {
    case 'eigenpairs':
      return measureEigenpairs(measure, site)
    case 'trace':
      return measureTrace(measure, site)
    case 'density':
      return measureDensity(measure, site)
    case 'dense':
      return measureDense(measure, site)
    case 'scalar':
      return measureNumber(measure, site)
    case 'diagonal':
      return measureDiagonal(measure, site)
    case 'interior':
      return measureInterior(measure, site)
  }
}
