import { createId, isoNow } from '#base'
import { ApiError } from '#shared/errors'
import type { Artifact, CheckpointNotice } from '#shared/schemas'
import { runDurably, type Connection } from './open.ts'

/** A file to be known to the store. */
export type ArtifactEntry = Omit<Artifact, 'id' | 'createdAt'>

/** The table of registered files. */
export interface ArtifactRepository {
  /** Registers a file; one of the same run and name is replaced and passes its id on. */
  register(entry: ArtifactEntry): Artifact
  /** @throws ApiError `artifact-not-found`. */
  get(id: string): Artifact
  /** In order of registration. */
  list(runId: string): Artifact[]
  /** Registered checkpoints of a run, newest first. */
  checkpoints(runId: string): (Artifact & CheckpointNotice)[]
  /** Registered weights up to a step, in order of their steps; of one step the newest. */
  weightsUpTo(runId: string, step: number): CheckpointNotice[]
  /** Forgets weights of later steps than one. */
  removeWeightsAfter(runId: string, step: number): void
  remove(id: string): void
}

const columns = `id, run_id AS runId, kind, file_name AS fileName, size_bytes AS sizeBytes, sha256,
  created_at AS createdAt, step`

/** The registered files of a store. */
export function artifactRepository(connection: Connection): ArtifactRepository {
  const insert = connection.prepare(
    `INSERT INTO artifacts (id, run_id, kind, file_name, size_bytes, sha256, created_at, step)
     VALUES (@id, @runId, @kind, @fileName, @sizeBytes, @sha256, @createdAt, @step)`,
  )
  const selectId = connection
    .prepare<[string, string], string>(
      'SELECT id FROM artifacts WHERE run_id = ? AND file_name = ?',
    )
    .pluck()
  const selectOne = connection.prepare<[string], Artifact>(
    `SELECT ${columns} FROM artifacts WHERE id = ?`,
  )
  const selectAll = connection.prepare<[string], Artifact>(
    `SELECT ${columns} FROM artifacts WHERE run_id = ? ORDER BY position`,
  )
  const selectCheckpoints = connection.prepare<[string], Artifact & CheckpointNotice>(
    `SELECT ${columns} FROM artifacts WHERE run_id = ? AND kind = 'checkpoint' AND step IS NOT NULL
     ORDER BY position DESC`,
  )
  const selectWeights = connection.prepare<[string, number], CheckpointNotice>(
    `SELECT file_name AS fileName, size_bytes AS sizeBytes, sha256, step FROM artifacts
     WHERE run_id = ? AND kind = 'weights' AND step <= ? ORDER BY step, position`,
  )
  const removeWeights = connection.prepare(
    "DELETE FROM artifacts WHERE run_id = ? AND kind = 'weights' AND step > ?",
  )
  const remove = connection.prepare('DELETE FROM artifacts WHERE id = ?')
  return {
    register(entry) {
      return runDurably(connection, () => {
        const previous = selectId.get(entry.runId, entry.fileName)
        if (previous !== undefined) remove.run(previous)
        const artifact: Artifact = { ...entry, id: previous ?? createId(), createdAt: isoNow() }
        insert.run(artifact)
        return artifact
      })
    },
    get(id) {
      const artifact = selectOne.get(id)
      if (artifact === undefined) {
        throw new ApiError('artifact-not-found', `there is no artifact ${id}`, { id })
      }
      return artifact
    },
    list: (runId) => selectAll.all(runId),
    checkpoints: (runId) => selectCheckpoints.all(runId),
    weightsUpTo: (runId, step) => {
      const newest = new Map(selectWeights.all(runId, step).map((file) => [file.step, file]))
      return [...newest.values()]
    },
    removeWeightsAfter(runId, step) {
      removeWeights.run(runId, step)
    },
    remove(id) {
      remove.run(id)
    },
  }
}
