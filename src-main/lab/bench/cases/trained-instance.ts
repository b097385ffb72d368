import { throwIfStopped } from '#base'
import { optimizerTransform } from '#learn/optimizers'
import { Trainer } from '#learn/training'
import type { Runtime } from '#tensor/runtime'
import type { WorkloadInstance } from '../workloads/workload.ts'

/** Plain gradient descent on a workload's batch. */
export interface TrainingPlan {
  readonly steps: number
  readonly learningRate: number
}

/** A workload at the parameters that training ends in; equal on one runtime build with one number of threads. */
export async function trainedInstance(
  instance: WorkloadInstance,
  { steps, learningRate }: TrainingPlan,
  runtime: Runtime,
  signal?: AbortSignal,
): Promise<WorkloadInstance> {
  if (steps === 0) return instance
  const { loss, layout, initialParameters, batch } = instance
  const optimizer = optimizerTransform({ kind: 'sgd' })
  const trainer = await Trainer.create({ loss, layout, optimizer, initialParameters, runtime })
  try {
    for (let step = 0; step < steps; step += 1) {
      throwIfStopped(signal)
      await trainer.step(batch, { learningRate, isObserved: false })
    }
    const { parameters } = await trainer.read()
    return { ...instance, initialParameters: parameters.slice() }
  } finally {
    await trainer.release()
  }
}
