export type { Activation } from './activations.ts'
export type { Architecture } from './architecture.ts'
export type { CnnSettings } from './cnn.ts'
export type { TensorAlias } from './definition.ts'
export type { Draw, WeightRole } from './draws.ts'
export type { Initialization } from './initializations.ts'
export { fullyConnected } from './fully-connected.ts'
export { initializeBuffers, initializeParameters } from './initialize.ts'
export {
  lossProgram,
  outputProgram,
  parameterInputs,
  type Loss,
  type LossProgramOptions,
} from './losses.ts'
export type { MlpSettings } from './mlp.ts'
export { buildModel, type Model, type ModelSettings } from './model.ts'
export {
  outputFisherProgram,
  outputLossProgram,
  sampleLossProgram,
  scoreProgram,
  type OutputLossOptions,
} from './output-losses.ts'
export type { LearningRateFactors, Parameterization } from './parameterization.ts'
export type { ResnetSettings } from './resnet.ts'
export type { Mode, PlacedTap } from './scope.ts'
export { countParameters, solveSize, type SizeGoal, type SizeSolution } from './sizing.ts'
export {
  readWeights,
  writeWeights,
  type WeightArray,
  type Weights,
  type WrittenArray,
} from './state-dict.ts'
export { tappedLoss, type TappedLayer, type TappedLoss } from './tapped-loss.ts'
export type { TransformerSettings } from './transformer.ts'
