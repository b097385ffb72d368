import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { DescribeExperiment } from '#lab/api'
import { toApiError } from '#lab/jobs'
import type { ExperimentDescription } from '#shared/contract'
import { ApiError, fromWire, type WireError } from '#shared/errors'

/** What the describing process says on stdout, once. */
export type DescribeAnswer =
  { readonly description: ExperimentDescription } | { readonly error: WireError }

/** The longest a folder of images on a slow disk may take. */
const patienceMs = 600_000

/**
 * Describes an experiment in a process of its own: data may be large and take seconds to look at, in
 * which an engine would answer nobody, and data beyond the memory end only that process.
 *
 * @throws ApiError that the process found; `out-of-memory` or `internal` if it ended without a word.
 */
export const describeApart: DescribeExperiment = (spec, seed) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'describe-process.ts')], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: patienceMs,
    killSignal: 'SIGKILL',
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (said.stdout += piece))
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (said.stderr += piece))
  child.stdin.on('error', () => {}) // its end is heard below
  child.stdin.end(JSON.stringify({ spec, seed }))
  return new Promise((resolve, reject) => {
    child.on('error', (cause) => {
      reject(new ApiError('internal', `could not be started: ${cause.message}`, null, { cause }))
    })
    child.on('close', (code, signal) => {
      if (code !== 0) {
        reject(lostError(said.stderr, signal ?? `exit code ${String(code)}`))
        return
      }
      const answer = JSON.parse(said.stdout) as DescribeAnswer
      if ('error' in answer) reject(fromWire(answer.error))
      else resolve(answer.description)
    })
  })
}

const lostError = (stderr: string, how: string): ApiError =>
  toApiError(new Error(stderr)).code === 'out-of-memory'
    ? new ApiError('out-of-memory', 'there is not enough memory to look at these data')
    : new ApiError('internal', `looking at the data ended without an answer (${how})`)
