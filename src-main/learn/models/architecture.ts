import type { MlpSettings } from './mlp.ts'

/** Which network, without what the data decide. */
export type Architecture = { readonly kind: 'mlp' } & MlpSettings
