/** Where in a network a weight matrix stands: a parameterization treats them differently. */
export type WeightRole = 'input' | 'hidden' | 'output'

/** How a parameter is drawn at the start. */
export type Draw =
  /** By the initialization of the spec; `[out, in]` or `[out, in, …kernel]`, fans with the kernel's area. */
  | {
      readonly kind: 'weight'
      readonly role: WeightRole
      readonly fanIn: number
      readonly fanOut: number
      /** Entries of a kernel. @default 1 */
      readonly area?: number | undefined
      /** What is drawn is multiplied by this. @default 1 */
      readonly gain?: number | undefined
    }
  /** 0, but for the initialization `pytorch`: uniform on ±1/√fanIn. The role is that of the weight beside it. */
  | { readonly kind: 'bias'; readonly role: WeightRole; readonly fanIn: number }
  /** Normal with mean 0: rows of an embedding. */
  | { readonly kind: 'normal'; readonly deviation: number }
  /** One value: scales and shifts of normalizations. */
  | { readonly kind: 'constant'; readonly value: number }
