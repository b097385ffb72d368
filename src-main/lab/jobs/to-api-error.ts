import { FormatError, InputError, MissingFileError, NonFiniteError, ShapeError } from '#base'
import { systemCode } from '#lab/store'
import { ApiError, type ErrorCode } from '#shared/errors'

const systemCodes: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  ENOENT: 'file-not-found',
  ENOMEM: 'out-of-memory',
  ERR_MEMORY_ALLOCATION_FAILED: 'out-of-memory',
  SQLITE_FULL: 'disk-full',
  SQLITE_CORRUPT: 'store-corrupt',
  SQLITE_NOTADB: 'store-corrupt',
}

/** What V8 and C++ say when an allocation fails. */
const outOfMemory = /array buffer allocation failed|out of memory|bad_alloc|bad allocation/i

/** Whether a text is the last word of a process that ran out of memory. */
export const tellsOutOfMemory = (text: string): boolean => outOfMemory.test(text)

/** Maps whatever was thrown to the one error class of the contract; the cause is kept. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (!(error instanceof Error)) return new ApiError('internal', `thrown: ${String(error)}`)
  return new ApiError(codeOf(error), error.message, detailOf(error), { cause: error })
}

function codeOf(error: Error): ErrorCode {
  if (error instanceof ShapeError) return 'shape-mismatch'
  if (error instanceof MissingFileError) return 'file-not-found'
  if (error instanceof FormatError) return 'file-corrupt'
  if (error instanceof InputError) return 'invalid-argument'
  if (error instanceof NonFiniteError) return 'non-finite'
  // SQLite's extended codes go with their primary one: SQLITE_CORRUPT_INDEX, SQLITE_CORRUPT.
  const code = (systemCode(error) ?? '').replace(/^(SQLITE_[A-Z]+)_.*$/, '$1')
  const known = systemCodes[code]
  if (known !== undefined) return known
  return tellsOutOfMemory(error.message) ? 'out-of-memory' : 'internal'
}

function detailOf(error: Error): unknown {
  if (error instanceof ShapeError) {
    return { subject: error.subject, expected: error.expected, actual: error.actual }
  }
  if (error instanceof FormatError) return { subject: error.subject, offset: error.offset }
  if (error instanceof InputError) return { subject: error.subject }
  if (error instanceof NonFiniteError) return { where: error.where }
  return undefined
}
