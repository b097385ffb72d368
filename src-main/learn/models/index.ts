export { initializeParameters, type Initialization } from './initializers.ts'
export { lossProgram, parameterInputs, type Loss, type LossProgramOptions } from './losses.ts'
export {
  networkLabel,
  networkLayout,
  networkOutputs,
  type Activation,
  type Network,
} from './network.ts'
