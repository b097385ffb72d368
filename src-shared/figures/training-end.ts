import type { TrainingEnd } from '../schemas/index.ts'
import { formatCount } from './format.ts'

const reasons: Record<TrainingEnd['reason'], string> = {
  epochs: 'all epochs done',
  steps: 'limit of steps reached',
  seconds: 'limit of time reached',
  'target-loss': 'target loss reached',
  plateau: 'no new best loss for as long as allowed',
  divergence: 'the loss diverged',
}

/** Why training ended, e.g. `stopped after 1,200 steps: target loss reached`. */
export function trainingEndText({ step, reason }: TrainingEnd): string {
  const verb = reason === 'epochs' ? 'ended' : 'stopped'
  return `${verb} after ${formatCount(step)} ${step === 1 ? 'step' : 'steps'}: ${reasons[reason]}`
}
