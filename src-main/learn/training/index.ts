export { createEvaluator, type Evaluator } from './evaluator.ts'
export { KfacStepper } from './kfac.ts'
export { kfacPrograms } from './kfac-executables.ts'
export type {
  KfacLayer,
  KfacLoss,
  KfacOptions,
  KfacSettings,
  KfacStepResult,
} from './kfac-settings.ts'
export { LbfgsStepper } from './lbfgs.ts'
export type { LbfgsOptions, LbfgsSettings, LbfgsStatus, LbfgsStepResult } from './lbfgs-settings.ts'
export {
  PopulationTrainer,
  type MemberVectors,
  type PopulationStepResult,
  type PopulationTrainerOptions,
} from './population-trainer.ts'
export { isScheduled, type StepSchedule } from './step-schedule.ts'
export { stepProgram, type StepProgramOptions } from './step-program.ts'
export type {
  SavedVectors,
  StepContext,
  StepObservation,
  Stepper,
  StepResult,
  TrainerVectors,
} from './stepper.ts'
export { Trainer, type TrainerOptions } from './trainer.ts'
export {
  freshStopState,
  judgeEvaluation,
  judgeStep,
  type StopReason,
  type StopRules,
  type StopState,
} from './stop-rules.ts'
