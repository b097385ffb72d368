export { scaleByAdam } from './adam.ts'
export { averageWeights } from './average.ts'
export { clipByGlobalNorm, clipByValue } from './clipping.ts'
export { addDecayedWeights } from './decay.ts'
export { traceMomentum } from './momentum.ts'
export { optimizerTransform, type CommonSettings, type Optimizer } from './named.ts'
export { scaleByRms } from './rms.ts'
export { scaleByFactors, scaleByLearningRate } from './scaling.ts'
export { scheduledRate, type Schedule } from './schedules.ts'
export {
  chain,
  type GradientTransform,
  type StateTensor,
  type UpdateContext,
  type UpdateResult,
} from './transform.ts'
