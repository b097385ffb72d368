export { createEvaluator, type Evaluator } from './evaluator.ts'
export {
  PopulationTrainer,
  type PopulationStepResult,
  type PopulationTrainerOptions,
} from './population-trainer.ts'
export { stepProgram } from './step-program.ts'
export { Trainer, type StepResult, type TrainerOptions } from './trainer.ts'
