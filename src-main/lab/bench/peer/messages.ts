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
  /** Libraries that measure curvature, by name; null where one is not installed. */
  libraries: z.record(z.string(), z.string().nullable()),
})
export type PeerVersions = z.infer<typeof peerVersionsSchema>

/** The first line of a peer: what it runs on, or why it cannot. */
export const greetingSchema = z.union([
  z.object({ ready: peerVersionsSchema }),
  z.object({ missing: z.string() }),
])

/** Eigenvalue solvers of libraries. */
export type PeerSolver = 'curvlinops-eigsh' | 'torch-eigsh' | 'pyhessian' | 'eigenthings'

/** Densities of libraries. */
export type PeerDensity = 'curvlinops' | 'eigenthings' | 'pyhessian'

/** An answer to a request. */
export const answerSchema = z.union([
  z.object({ error: z.string() }),
  /** The library of a solver is not installed. */
  z.object({ absent: z.string() }),
  z.object({
    solved: z.object({ ms: z.number(), products: z.int(), values: z.array(z.number()) }),
  }),
  z.object({
    density: z.object({ ms: z.number(), products: z.int(), probes: z.int(), steps: z.int() }),
  }),
  z.object({ spectrum: z.object({ size: z.int() }) }),
  z.object({ ms: z.number() }),
  z.object({
    prepared: z.object({
      loss: z.number(),
      failures: z.partialRecord(z.enum(peerWays), z.string()),
    }),
  }),
])
export type Answer = z.infer<typeof answerSchema>
