import * as ort from 'onnxruntime-node'
import { ShapeError } from '#base'
import { sizeOf, type TensorData } from '#tensor/dense'

/** Options of a native session. */
export interface SessionOptions {
  /** Threads within one operator; 0 lets the runtime choose (one a core). */
  readonly threads?: number
}

/** One argument of a call: flat data with its shape. */
export interface Argument {
  readonly data: TensorData
  readonly shape: readonly number[]
}

/** A loaded ONNX model; holds native memory until released. */
export interface Session {
  /**
   * Runs once; results are written into the buffers given, so nothing large is allocated.
   *
   * @param inputs - By name.
   * @param outputs - By name; every output of the model.
   */
  run(
    inputs: Readonly<Record<string, Argument>>,
    outputs: Readonly<Record<string, Argument>>,
  ): Promise<void>
  release(): Promise<void>
}

function tensorOf(name: string, { data, shape }: Argument): ort.Tensor {
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError(name, `[${shape.join(', ')}]`, [data.length])
  }
  if (data instanceof Uint8Array) return new ort.Tensor('bool', data, shape)
  if (data instanceof Int32Array) return new ort.Tensor('int32', data, shape)
  return data instanceof Float32Array
    ? new ort.Tensor('float32', data, shape)
    : new ort.Tensor('float64', data, shape)
}

/** Remembers the native wrappers of buffers that come again and again. */
class TensorCache {
  readonly #known = new WeakMap<TensorData, { shape: string; tensor: ort.Tensor }>()

  get(name: string, argument: Argument): ort.Tensor {
    const shape = argument.shape.join()
    const known = this.#known.get(argument.data)
    if (known?.shape === shape) return known.tensor
    const tensor = tensorOf(name, argument)
    this.#known.set(argument.data, { shape, tensor })
    return tensor
  }
}

/** Loads a model into ONNX Runtime on the CPU. */
export async function createSession(
  model: Uint8Array,
  options: SessionOptions = {},
): Promise<Session> {
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    ...(options.threads === undefined || options.threads === 0
      ? {}
      : { intraOpNumThreads: options.threads }),
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    // Every session has threads of its own; waiting in a spin they take the cores from the session that runs
    // next (a gradient right after a block of products took twice its time on 2 cores).
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  })
  const cache = new TensorCache()
  return {
    run: async (inputs, outputs) => {
      const feeds: Record<string, ort.Tensor> = {}
      for (const [name, argument] of Object.entries(inputs)) feeds[name] = cache.get(name, argument)
      const fetches: Record<string, ort.Tensor> = {}
      for (const [name, argument] of Object.entries(outputs)) {
        fetches[name] = cache.get(name, argument)
      }
      await session.run(feeds, fetches)
    },
    release: () => session.release(),
  }
}

/** The runtime with its version and the execution providers inside, for provenance and `doctor`. */
export function describeRuntime(): { name: string; version: string; providers: string[] } {
  return {
    name: 'onnxruntime-node',
    version: ort.env.versions.node ?? ort.env.versions.common,
    providers: ort.listSupportedBackends().map((backend) => backend.name),
  }
}
