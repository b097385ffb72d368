import { z } from 'zod'

/** The ways a peer has to a Hessian-vector product. */
export const peerWays = ['double-backward', 'linearize', 'vmap'] as const
export type PeerWay = (typeof peerWays)[number]

/** What a peer can be told to do again and again; `runs` is one step in each of K separate runs. */
export type PeerWork = PeerWay | 'step' | 'runs' | 'gemm'

/** Versions on the peer's side. */
export const peerVersionsSchema = z.object({
  python: z.string(),
  torch: z.string(),
  threads: z.int(),
})
export type PeerVersions = z.infer<typeof peerVersionsSchema>

/** The first line of a peer: what it runs on, or why it cannot. */
export const greetingSchema = z.union([
  z.object({ ready: peerVersionsSchema }),
  z.object({ missing: z.string() }),
])

/** An answer to a request. */
export const answerSchema = z.union([
  z.object({ error: z.string() }),
  z.object({ ms: z.number() }),
  z.object({
    prepared: z.object({
      loss: z.number(),
      failures: z.partialRecord(z.enum(peerWays), z.string()),
    }),
  }),
])
export type Answer = z.infer<typeof answerSchema>
