import { removeWeightsAfter, type Store } from '#lab/store'

/**
 * Forgets what training after a step left for good, which an attempt from that step does anew: later weights
 * with their files, and a later end of training. Metric rows are replaced when new ones come.
 *
 * Runs before the attempt has a process: files it writes under the same names must not be taken for old ones.
 *
 * @param step - That of the checkpoint to go on from; −1 for a start from nothing.
 * @throws ApiError `disk-full`, `internal`.
 */
export function rewindRun(store: Store, runId: string, step: number): void {
  const { trainingEnd } = store.runs.documents(runId)
  store.transaction(() => {
    store.artifacts.removeWeightsAfter(runId, step)
    if (trainingEnd !== null && trainingEnd.step > step) store.runs.setTrainingEnd(runId, null)
  })
  removeWeightsAfter(store.runFolder(runId), step)
}
