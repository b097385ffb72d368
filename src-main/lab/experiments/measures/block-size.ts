/** Vectors a product, as searches ask for it; a measured choice depends on the moment, so a spec must ask for it. */
export const blockSizeOf = ({ blockSize }: { readonly blockSize: number }): number | 'measured' =>
  blockSize === 0 ? 'measured' : blockSize
