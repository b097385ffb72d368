/** A caller's mistake: what was given, where, and what is allowed. The message is one lower-case sentence. */
export class InputError extends Error {
  /** Name of the argument, key, tensor or file at fault. */
  readonly subject: string

  constructor(subject: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'InputError'
    this.subject = subject
  }
}

/** A tensor of the wrong shape. */
export class ShapeError extends InputError {
  readonly expected: string
  readonly actual: readonly number[]

  constructor(subject: string, expected: string, actual: readonly number[]) {
    super(subject, `${subject} must have shape ${expected}, got [${actual.join(', ')}]`)
    this.name = 'ShapeError'
    this.expected = expected
    this.actual = actual
  }
}

/** A file that is absent. */
export class MissingFileError extends InputError {
  constructor(path: string) {
    super(path, `file not found: ${path}`)
    this.name = 'MissingFileError'
  }
}

/** A file that is truncated or not of the format it claims; `offset` in bytes where known. */
export class FormatError extends InputError {
  readonly offset: number | null

  constructor(path: string, problem: string, offset: number | null = null) {
    super(path, `${path}: ${problem}${offset === null ? '' : ` (at byte ${String(offset)})`}`)
    this.name = 'FormatError'
    this.offset = offset
  }
}

/** The first NaN or ±∞, with where it appeared. */
export class NonFiniteError extends Error {
  readonly where: string

  constructor(where: string) {
    super(`not a finite number in ${where}`)
    this.name = 'NonFiniteError'
    this.where = where
  }
}

/** An operator that a runtime does not have, or not for this type. */
export class UnsupportedError extends InputError {
  readonly operator: string
  /** As printed: `f64[2, 3]`. */
  readonly type: string

  constructor(runtime: string, operator: string, type: string) {
    super(operator, `${runtime} has no ${operator} with ${type}`)
    this.name = 'UnsupportedError'
    this.operator = operator
    this.type = type
  }
}

/** Work ended because its signal said so. */
export class StoppedError extends Error {
  constructor() {
    super('stopped on request')
    this.name = 'StoppedError'
  }
}

/** Throws if a condition that our own code guarantees does not hold. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal: ${message}`)
}

/** Throws {@link StoppedError} if the signal is aborted. */
export function throwIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new StoppedError()
}
