import { InputError } from '#base'
import { add, gather, reshape, slice, type Tracer } from '#tensor/program'

/**
 * Rows of a table by index, as `torch.nn.Embedding`.
 *
 * @param weight - `[vocabulary, width]`.
 * @param indices - int32 of any shape, each in 0…vocabulary − 1 (not checked).
 * @returns `[…indices, width]`.
 */
export const embedding = (weight: Tracer, indices: Tracer): Tracer => gather(weight, indices, 0)

/**
 * Adds to each row the learned vector of its position in the sequence.
 *
 * @param x - `[batch·time, width]`, row b·time + t is position t of sequence b.
 * @param weight - `[context, width]` with context ≥ time.
 * @param time - Length of a sequence.
 * @returns The shape of `x`.
 * @throws InputError if `time` does not divide the rows or is more than the context.
 */
export function positionalEmbedding(x: Tracer, weight: Tracer, time: number): Tracer {
  const [rows, width] = x.shape as [number, number]
  const context = weight.shape[0]!
  if (rows % time !== 0 || time > context) {
    throw new InputError(
      'time',
      `time must divide ${rows} rows and be at most ${context}, got ${time}`,
    )
  }
  const positions = time === context ? weight : slice(weight, [0, 0], [time, width])
  return reshape(add(reshape(x, [rows / time, time, width]), positions), x.shape)
}
