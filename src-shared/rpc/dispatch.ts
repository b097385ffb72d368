import type { z } from 'zod'
import { methods, type Handlers, type MethodName } from '../contract.ts'
import { ApiError } from '../errors.ts'
import { explainSchemaError, nearestName } from '../schemas/index.ts'

/**
 * Calls a handler by its name, with arguments that may be anything.
 *
 * @throws ApiError `method-not-found` naming the nearest method, `invalid-argument` naming each
 *   argument at fault, and whatever the handler throws.
 */
export async function dispatch(
  handlers: Handlers,
  method: string,
  args: unknown,
): Promise<unknown> {
  if (!isMethod(method)) {
    const near = nearestName(method, Object.keys(methods))
    const hint = near === null ? '' : `; did you mean ${near}?`
    throw new ApiError('method-not-found', `there is no method ${quote(method)}${hint}`)
  }
  const schema: z.ZodType = methods[method].args
  const given = args ?? {}
  const parsed = schema.safeParse(given)
  if (!parsed.success) {
    const problems = explainSchemaError(schema, parsed.error, given)
    const text = problems.map(({ message }) => message).join('; ')
    throw new ApiError('invalid-argument', `${method}: ${text}`, { method, problems })
  }
  return await handlers[method](parsed.data as never)
}

// Own keys only: `constructor` and its kin are no methods.
const isMethod = (name: string): name is MethodName => Object.hasOwn(methods, name)

const quote = (text: string): string =>
  JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
