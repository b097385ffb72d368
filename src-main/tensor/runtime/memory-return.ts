import onnxProto from 'onnx-proto'
import type * as ort from 'onnxruntime-node'

/** Name of the output that ends the return of results. */
const stop = '__stop'

/** What the binding says of an output that is no tensor. */
const refusal = 'Non tensor type is temporarily not supported.'

/** Entries of all outputs from which their copies cost more than the error that prevents them (10 µs). */
const worthwhile = 2 ** 14

/**
 * A model with one more output, ahead of the others, that the binding cannot return.
 *
 * After a call the Node.js binding (1.30) copies every output into a fresh buffer for JavaScript, those that were just
 * written into buffers of ours as well: 200 MB took 30 ms to compute and 170 to return, and the copies wait for the
 * garbage collector. It goes through the outputs in order, so that one of a kind it refuses stops it before the first copy.
 * Serialized messages merge when they are put one behind the other; the output in front comes first.
 */
export function withStop(model: Uint8Array): Uint8Array {
  const { ModelProto, TensorProto } = onnxProto.onnx
  const element = { tensorType: { elemType: TensorProto.DataType.FLOAT } }
  const front = ModelProto.encode({
    graph: {
      node: [{ opType: 'SequenceEmpty', output: [stop] }],
      output: [{ name: stop, type: { sequenceType: { elemType: element } } }],
    },
  }).finish()
  const joined = new Uint8Array(front.length + model.length)
  joined.set(front)
  joined.set(model, front.length)
  return joined
}

/** Runs a session made of {@link withStop}: results are written into the fetches, and large ones not copied as well. */
export async function runInto(
  session: ort.InferenceSession,
  feeds: Readonly<Record<string, ort.Tensor>>,
  fetches: Readonly<Record<string, ort.Tensor>>,
): Promise<void> {
  const entries = Object.values(fetches).reduce((sum, tensor) => sum + tensor.size, 0)
  if (entries < worthwhile) {
    await session.run(feeds, fetches)
    return
  }
  try {
    await session.run(feeds, { [stop]: null, ...fetches })
  } catch (error) {
    if (!(error instanceof Error) || error.message !== refusal) throw error
  }
}
