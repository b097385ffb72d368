import { optimizerTransform } from '#learn/optimizers'
import { PopulationTrainer } from '#learn/training'
import type { TensorData } from '#tensor/dense'
import type { Runtime } from '#tensor/runtime'
import { compare } from './compare.ts'
import { stepSettings } from './measure-step.ts'
import type { Peer } from './peer/peer.ts'
import { localContestant, type RaceOptions } from './race.ts'
import type { PopulationReport } from './report.ts'
import type { Workload } from './workloads/workload.ts'

/** Networks that differ in their seed. */
const runs = 16

/**
 * Times one training step of networks of different seeds, each with a batch of its own, in one program against as
 * many steps of a peer, one run after another. The peer must hold this workload.
 */
export async function measurePopulation(
  workload: Workload,
  seed: number,
  runtime: Runtime,
  peer: Peer | null,
  options: RaceOptions,
): Promise<PopulationReport> {
  const { learningRate, momentum } = stepSettings
  const members = Array.from({ length: runs }, (_, i) => workload.create(seed + i))
  const { loss, layout, batch } = members[0]!
  const trainer = await PopulationTrainer.create({
    loss,
    layout,
    members: runs,
    optimizer: optimizerTransform({ kind: 'momentum', momentum, nesterov: false }),
    initialParameters: members.map(({ initialParameters }) => initialParameters),
    isDataPerMember: batch.map(() => true),
    runtime,
  })
  const batches = batch.map((_, input) => stacked(members.map((member) => member.batch[input]!)))
  const rates = new Array<number>(runs).fill(learningRate)
  const rivals =
    peer === null
      ? []
      : [{ way: 'eager SGD in turn', rows: runs, contestant: peer.contestant('runs', runs) }]
  try {
    const step = localContestant(1, () => trainer.step(batches, rates))
    const comparison = await compare(step, rivals, options)
    const { ours, ratio } = comparison
    return { workload: workload.id, runs, ours, rivals: comparison.rivals, ratio }
  } finally {
    await trainer.release()
  }
}

/** Equal inputs of all members, one after another. */
function stacked(inputs: readonly TensorData[]): TensorData {
  const first = inputs[0]!
  const whole =
    first instanceof Int32Array
      ? new Int32Array(first.length * inputs.length)
      : new Float32Array(first.length * inputs.length)
  inputs.forEach((input, i) => whole.set(input, i * first.length))
  return whole
}
