import { createStream, monotonicMs } from '#base'
import type { LinearOperator } from '#geometry/operators'
import { extremeEigenpairs, type EigenpairsResult } from '#geometry/spectral'
import type { Search } from './search.ts'

/** Enough for any case; a search that needs more is reported as not converged. */
const maxProducts = 5_000

/** Our own search, with the part of its time that products took. */
export interface OwnSearch extends Search {
  readonly result: EigenpairsResult
  readonly productShare: number
}

/** Finds the `top` largest eigenvalues with residuals of `tolerance`·max |λ|. */
export async function searchOurselves(
  operator: LinearOperator,
  wanted: {
    readonly top: number
    readonly tolerance: number
    readonly seed: number
    /** Whether further copies of multiple eigenvalues are looked for; libraries do not. @default true */
    readonly findsMultiples?: boolean
    /** Vectors of a product; 1 is that of a run whose spec says nothing. @default 1 */
    readonly blockSize?: number
  },
  signal?: AbortSignal,
): Promise<OwnSearch> {
  let productMs = 0
  const timed: LinearOperator = {
    size: operator.size,
    space: operator.space,
    preferredRows: operator.preferredRows,
    apply: async (input, rows, output) => {
      const started = monotonicMs()
      await operator.apply(input, rows, output)
      productMs += monotonicMs() - started
    },
  }
  const { top, tolerance, seed, findsMultiples, blockSize = 1 } = wanted
  const started = monotonicMs()
  const result = await extremeEigenpairs(timed, {
    top,
    bottom: 0,
    tolerance,
    relativeTo: 'largest',
    findsMultiples,
    blockSize,
    maxProducts,
    stream: createStream(seed, 'bench', 'search'),
    signal,
  })
  const ms = monotonicMs() - started
  return {
    ms,
    products: result.products,
    values: result.top.map(({ value }) => value),
    vectors: result.vectors,
    result,
    productShare: productMs / ms,
  }
}
