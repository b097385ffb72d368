import { join } from 'node:path'
import type { Logger } from '#base'
import { checkRecord, hashFile, type QueueClaim, type Store } from '#lab/store'
import { ApiError } from '#shared/errors'
import type { CheckpointNotice, JobOrder } from '#shared/schemas'

/**
 * The order for a run: from its newest sound checkpoint, without what is measured already.
 *
 * @throws ApiError `file-corrupt` or `file-not-found` if there are checkpoints and none is sound: to
 *   start over is for a person to decide.
 */
export async function buildOrder(
  store: Store,
  claim: QueueClaim,
  logger: Logger,
): Promise<JobOrder> {
  const { runId, attempt } = claim
  const checkpoint = await newestSoundCheckpoint(store, runId, logger)
  return {
    runId,
    attempt,
    seed: store.runs.get(runId).seed,
    spec: store.runs.documents(runId).spec,
    folder: store.runFolder(runId),
    checkpoint,
    measured: store.measurements.keys(runId),
    weights: checkpoint === null ? [] : store.artifacts.weightsUpTo(runId, checkpoint.step),
    elapsedMs: checkpoint === null ? 0 : store.metrics.elapsedAt(runId, checkpoint.step),
    compute: store.runs.compute(runId),
    earlierDevice: store.runs.documents(runId).provenance?.device ?? null,
  }
}

async function newestSoundCheckpoint(
  store: Store,
  runId: string,
  logger: Logger,
): Promise<CheckpointNotice | null> {
  const damaged: string[] = []
  let newestProblem: ApiError | null = null
  for (const { id, fileName, sizeBytes, sha256, step } of store.artifacts.checkpoints(runId)) {
    const path = join(store.runFolder(runId), fileName)
    try {
      checkRecord(path, await hashFile(path), { sizeBytes, sha256 })
      for (const other of damaged) store.artifacts.remove(other)
      return { fileName, sizeBytes, sha256, step }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      newestProblem ??= error
      damaged.push(id)
      logger.warn(`run ${runId}: ${error.message}; trying the checkpoint before it`)
    }
  }
  if (newestProblem !== null) throw newestProblem
  return null
}
