export { runChecks, type CheckReport } from './checks/index.ts'
export type { ExperimentContext, ExperimentOrder, Workplace } from './context.ts'
export { describeNetwork, runProbe, type ProbeOptions, type ProbeResult } from './probe.ts'
export { runExperiment } from './run-experiment.ts'
