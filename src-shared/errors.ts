/** The closed list of error codes that cross a process boundary. */
export const errorCodes = [
  'invalid-spec',
  'invalid-argument',
  'shape-mismatch',
  'invalid-data',
  'file-not-found',
  'file-corrupt',
  'non-finite',
  'out-of-memory',
  'run-not-found',
  'run-not-resumable',
  'run-already-ended',
  'artifact-not-found',
  'method-not-found',
  'store-in-use',
  'store-corrupt',
  'disk-full',
  'engine-unreachable',
  'not-authorized',
  'internal',
] as const

/** One of {@link errorCodes}. */
export type ErrorCode = (typeof errorCodes)[number]

/** What goes over a wire when something fails; `detail` is plain JSON. */
export interface WireError {
  readonly code: ErrorCode
  readonly message: string
  readonly detail?: unknown
}

/**
 * The one error class that users of the contract see.
 *
 * The message is one lower-case sentence that names what, where and what is allowed.
 */
export class ApiError extends Error {
  readonly code: ErrorCode
  readonly detail: unknown

  constructor(code: ErrorCode, message: string, detail?: unknown, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ApiError'
    this.code = code
    this.detail = detail
  }
}

/** Turns an {@link ApiError} into its wire form. */
export function toWire(error: ApiError): WireError {
  return error.detail === undefined
    ? { code: error.code, message: error.message }
    : { code: error.code, message: error.message, detail: error.detail }
}

/** Rebuilds an {@link ApiError} from its wire form. */
export function fromWire(wire: WireError): ApiError {
  return new ApiError(wire.code, wire.message, wire.detail)
}
