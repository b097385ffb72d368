import { broadcastInto, type Tracer } from '#tensor/program'

/**
 * One number for each channel, `[channels]`, repeated to the shape `[n, channels, …]` of `like`.
 */
export const alongChannels = (values: Tracer, like: Tracer): Tracer =>
  broadcastInto(values, like.shape, [1])
