/** What ends training before its epochs are over. */
export interface StopRules {
  /** Steps at most. */
  readonly maxSteps?: number | undefined
  /** Seconds of training at most. */
  readonly maxSeconds?: number | undefined
  /** Ends at an evaluated training loss at or below this. */
  readonly targetLoss?: number | undefined
  /** Evaluations in a row without a new best watched loss. */
  readonly patience?: number | undefined
  /** Ends at an evaluated training loss this many times the first; the first must be positive. */
  readonly divergence?: number | undefined
}

/** Which rule ended training. */
export type StopReason = 'steps' | 'seconds' | 'target-loss' | 'plateau' | 'divergence'

/** What the rules remember of the evaluations so far; plain JSON, saved with a checkpoint. */
export interface StopState {
  /** Training loss of the first evaluation. */
  readonly first: number | null
  /** Lowest watched loss. */
  readonly best: number | null
  /** Evaluations since. */
  readonly sinceBest: number
}

/** Nothing was evaluated yet. */
export const freshStopState: StopState = { first: null, best: null, sinceBest: 0 }

/** What an evaluation found. */
export interface EvaluatedLosses {
  readonly train: number
  /** The loss whose plateau counts: of the validation split, or of training where nothing is held out. */
  readonly watched: number
}

/**
 * What an evaluation changes: the state after it, and the rule that ends training there, if one does. Of several
 * the order is target, divergence, plateau.
 */
export function judgeEvaluation(
  rules: StopRules,
  state: StopState,
  { train, watched }: EvaluatedLosses,
): { readonly state: StopState; readonly isBest: boolean; readonly reason: StopReason | null } {
  const first = state.first ?? train
  const isBest = state.best === null || watched < state.best
  const next: StopState = {
    first,
    best: isBest ? watched : state.best,
    sinceBest: isBest ? 0 : state.sinceBest + 1,
  }
  const { targetLoss, divergence, patience } = rules
  let reason: StopReason | null = null
  if (targetLoss !== undefined && train <= targetLoss) reason = 'target-loss'
  else if (divergence !== undefined && first > 0 && train >= divergence * first)
    reason = 'divergence'
  else if (patience !== undefined && next.sinceBest >= patience) reason = 'plateau'
  return { state: next, isBest, reason }
}

/** The rule that ends training after a step, whatever its loss; null for none. */
export function judgeStep(rules: StopRules, step: number, elapsedMs: number): StopReason | null {
  const { maxSteps = Infinity, maxSeconds = Infinity } = rules
  if (step >= maxSteps) return 'steps'
  return elapsedMs >= 1000 * maxSeconds ? 'seconds' : null
}
