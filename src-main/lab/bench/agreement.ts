import { createHessianOperator } from '#geometry/curvature'
import { layoutViews } from '#tensor/dense'
import type { Runtime } from '#tensor/runtime'
import { valueAndGradient } from '#tensor/transforms'
import type { PeerFigures } from './peer/peer.ts'
import type { Workload, WorkloadInstance } from './workloads/workload.ts'

/** The two sides of a comparison compute different things, so their times say nothing. */
export class DisagreementError extends Error {
  constructor({ id, tolerance }: Workload, what: string, deviation: number) {
    super(
      `${id}: the peer's ${what} deviates from ours by ${deviation.toExponential(1)}, ` +
        `more than ${tolerance.toExponential(0)}; nothing was timed`,
    )
    this.name = 'DisagreementError'
  }
}

/** Our loss, gradient and product at a workload's parameters. */
export interface OwnFigures {
  readonly loss: number
  readonly gradient: Float32Array
  readonly product: Float32Array
}

/** Evaluates a workload once. */
export async function ownFigures(
  { loss, layout, initialParameters, batch }: WorkloadInstance,
  direction: Float32Array,
  runtime: Runtime,
): Promise<OwnFigures> {
  const wrt = layout.entries.map((_, i) => i)
  const executable = await runtime.compile(valueAndGradient(loss, wrt))
  const gradient = new Float32Array(layout.size)
  const value = new Float32Array(1)
  await executable.run(
    [...layoutViews(layout, initialParameters), ...batch],
    [value, ...layoutViews(layout, gradient)],
  )
  await executable.release()
  const product = new Float32Array(layout.size)
  const options = { loss, layout, parameters: initialParameters, batches: [batch], runtime }
  const operator = await createHessianOperator(options)
  await operator.apply(direction, 1, product)
  await operator.release()
  return { loss: value[0]!, gradient, product }
}

/** ‖a − b‖ / ‖b‖; ∞ where a number is not finite. */
export function relativeDeviation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0
  let size = 0
  for (let i = 0; i < b.length; i += 1) {
    difference += (a[i]! - b[i]!) ** 2
    size += b[i]! ** 2
  }
  const deviation = Math.sqrt(difference / size)
  return a.length === b.length && Number.isFinite(deviation) ? deviation : Infinity
}

/**
 * Compares both sides of a workload.
 *
 * @returns The relative deviation of each figure by its name.
 * @throws DisagreementError at the first that deviates by more than the workload allows.
 */
export function compareFigures(
  workload: Workload,
  own: OwnFigures,
  peer: PeerFigures,
): Record<string, number> {
  const deviations: Record<string, number> = {
    loss: relativeDeviation([peer.loss], [own.loss]),
    gradient: relativeDeviation(peer.gradient, own.gradient),
  }
  for (const [way, product] of peer.products) {
    deviations[`product by ${way}`] = relativeDeviation(product, own.product)
  }
  for (const [what, deviation] of Object.entries(deviations)) {
    if (deviation > workload.tolerance) throw new DisagreementError(workload, what, deviation)
  }
  return deviations
}
