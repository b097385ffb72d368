import type { InjectionKey, ShallowRef } from 'vue'
import type { Client } from '#shared/contract'

export type BackendStatus = 'connecting' | 'open' | 'closed'

/** Where the pages get everything from: an engine over a socket, or a recording. Pages never know which. */
export interface Backend {
  readonly status: Readonly<ShallowRef<BackendStatus>>
  /** Stays the same over reconnections; calls fail with `engine-unreachable` while there is no connection. */
  readonly client: Client
  /** Calls back at each opening after the first: what is shown may have been missed. Returns what stops it. */
  onReopen(listener: () => void): () => void
  artifactUrl(artifactId: string): string
  dispose(): void
}

export const backendKey: InjectionKey<Backend> = Symbol('backend')
