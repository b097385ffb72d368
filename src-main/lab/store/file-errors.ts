import { ApiError } from '#shared/errors'

/** The `code` of a Node system error or of a SqliteError; null for anything else. */
export function systemCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}

/**
 * Turns what the file system threw into an {@link ApiError} that names the path.
 *
 * @param action - What was tried, as an infinitive, e.g. `write`.
 */
export function fileError(action: string, path: string, error: unknown): ApiError {
  if (error instanceof ApiError) return error
  const code = systemCode(error)
  const detail = { path, code }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ApiError('disk-full', `no space left to ${action} ${path}`, detail, { cause: error })
  }
  if (code === 'ENOENT') {
    return new ApiError('file-not-found', `file not found: ${path}`, detail, { cause: error })
  }
  const reason = error instanceof Error ? error.message : String(error)
  return new ApiError('internal', `cannot ${action} ${path}: ${reason}`, detail, { cause: error })
}

/**
 * Turns what SQLite threw into an {@link ApiError} that names the database file; anything that
 * SQLite did not throw comes back as it is.
 */
export function sqliteError(path: string, error: unknown): unknown {
  const code = systemCode(error)
  if (error instanceof ApiError || !(error instanceof Error) || !code?.startsWith('SQLITE_')) {
    return error
  }
  const detail = { path, code }
  if (code.startsWith('SQLITE_FULL')) {
    return new ApiError('disk-full', `no space left to write ${path}`, detail, { cause: error })
  }
  if (code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB')) {
    const message = `the store is damaged: ${path}: ${error.message}`
    return new ApiError('store-corrupt', message, detail, { cause: error })
  }
  const message = `the store cannot be used: ${path}: ${error.message} (${code})`
  return new ApiError('internal', message, detail, { cause: error })
}
