export { runChecks, type CheckReport } from './checks/index.ts'
export type { ExperimentContext, ExperimentOrder, MeasureKey, Workplace } from './context.ts'
export { describeExperiment, type ExperimentDescription } from './describe-experiment.ts'
export { checkPrecision, type PrecisionCheck } from './precision-check.ts'
export {
  describeNetwork,
  runProbe,
  type NetworkDescription,
  type ProbeOptions,
  type ProbeResult,
} from './probe.ts'
export { timeProducts, type ProductCost, type ProductCostOptions } from './product-cost.ts'
export { runExperiment } from './run-experiment.ts'
export { checkTrace, type TraceCheck } from './trace-check.ts'
