import type { ClaimedEigenpairs } from './judge.ts'

/** What one run of a solver gave and took. */
export interface Search extends ClaimedEigenpairs {
  readonly ms: number
  readonly products: number
}
