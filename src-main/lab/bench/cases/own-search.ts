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
  { top, tolerance, seed }: { readonly top: number; readonly tolerance: number; seed: number },
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
  const started = monotonicMs()
  const result = await extremeEigenpairs(timed, {
    top,
    bottom: 0,
    tolerance,
    relativeTo: 'largest',
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
