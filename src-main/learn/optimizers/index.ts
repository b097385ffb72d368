export { optimizerTransform, type Optimizer } from './named.ts'
export { scaleByAdam, scaleByLearningRate, traceMomentum } from './scaling.ts'
export {
  chain,
  type GradientTransform,
  type StateTensor,
  type UpdateContext,
  type UpdateResult,
} from './transform.ts'
