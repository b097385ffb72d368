import type { CnnSettings } from './cnn.ts'
import type { MlpSettings } from './mlp.ts'
import type { ResnetSettings } from './resnet.ts'
import type { TransformerSettings } from './transformer.ts'

/** Which network, without what the data decide. */
export type Architecture =
  | ({ readonly kind: 'mlp' } & MlpSettings)
  | ({ readonly kind: 'cnn' } & CnnSettings)
  | ({ readonly kind: 'resnet' } & ResnetSettings)
  | ({ readonly kind: 'transformer' } & TransformerSettings)
