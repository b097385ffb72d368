import { z } from 'zod'
import { errorCodes } from '../errors.ts'

/** Client → server. The id is the client's own and comes back with the reply. */
export const requestFrameSchema = z.object({
  id: z.int(),
  method: z.string(),
  args: z.unknown().optional(),
})

const errorSchema = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  detail: z.unknown().optional(),
})

/** Server → client: the reply to a request, of which `error` or `result` is there, or an event. */
export const serverFrameSchema = z.union([
  z.object({ id: z.int().nullable(), error: errorSchema }),
  z.object({ id: z.int(), result: z.unknown() }),
  z.object({ event: z.string(), payload: z.unknown() }),
])

export type RequestFrame = z.infer<typeof requestFrameSchema>
export type ServerFrame = z.infer<typeof serverFrameSchema>

/** The value of a JSON text; undefined if it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
