import { createRuns } from './0001-create-runs.ts'
import { createMetrics } from './0002-create-metrics.ts'
import { createMeasurements } from './0003-create-measurements.ts'
import { createArtifacts } from './0004-create-artifacts.ts'
import { createQueue } from './0005-create-queue.ts'
import { addCompute } from './0006-add-compute.ts'
import { addStepObservations } from './0007-add-step-observations.ts'
import { addTrainingEnd } from './0008-add-training-end.ts'
import { keyMeasurementsByStep } from './0009-key-measurements-by-step.ts'
import type { Migration } from './migration.ts'

/** Every migration in order. New ones join at the end. */
export const migrations: readonly Migration[] = [
  createRuns,
  createMetrics,
  createMeasurements,
  createArtifacts,
  createQueue,
  addCompute,
  addStepObservations,
  addTrainingEnd,
  keyMeasurementsByStep,
]
