export { createEvaluator, type Evaluator } from './evaluator.ts'
export {
  PopulationTrainer,
  type PopulationStepResult,
  type PopulationTrainerOptions,
} from './population-trainer.ts'
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
