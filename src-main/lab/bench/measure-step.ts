import { optimizerTransform } from '#learn/optimizers'
import { Trainer } from '#learn/training'
import type { Runtime } from '#tensor/runtime'
import { compare } from './compare.ts'
import type { Peer, StepSettings } from './peer/peer.ts'
import { localContestant, type RaceOptions } from './race.ts'
import type { Comparison } from './report.ts'
import type { WorkloadInstance } from './workloads/workload.ts'

/** Small enough that thousands of timed steps on one batch stay finite. */
export const stepSettings: StepSettings = { learningRate: 1e-3, momentum: 0.9 }

/** Times a training step (forward, backward, SGD with momentum) against a peer's eager one. */
export async function measureStep(
  { loss, layout, initialParameters, batch }: WorkloadInstance,
  runtime: Runtime,
  peer: Peer | null,
  options: RaceOptions,
): Promise<Comparison> {
  const { learningRate, momentum } = stepSettings
  const context = { learningRate, isObserved: false }
  const trainer = await Trainer.create({
    loss,
    layout,
    optimizer: optimizerTransform({ kind: 'momentum', momentum, nesterov: false }),
    initialParameters,
    runtime,
  })
  const rivals =
    peer === null ? [] : [{ way: 'eager SGD', rows: 1, contestant: peer.contestant('step', 1) }]
  try {
    const step = localContestant(1, () => trainer.step(batch, context))
    const { ours, rivals: compared, ratio } = await compare(step, rivals, options)
    return { ours, rivals: compared, ratio }
  } finally {
    await trainer.release()
  }
}
