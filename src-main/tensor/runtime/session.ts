import * as ort from 'onnxruntime-node'
import { invariant, ShapeError } from '#base'
import { sizeOf, type TensorData } from '#tensor/dense'
import { runInto, withStop } from './memory-return.ts'

/** Where ONNX Runtime can compute. */
export const onnxDevices = ['cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const
export type OnnxDevice = (typeof onnxDevices)[number]

/** Options of a native session. */
export interface SessionOptions {
  /** Threads within one operator; 0 lets the runtime choose (one a core). */
  readonly threads?: number
  /** @default 'cpu' */
  readonly device?: OnnxDevice
  /** Leaves out fusions that keep factors in float32, such as that of a scale into a matrix product: for float64. */
  readonly isWide?: boolean
  /** Where sessions of equal models are shared; without it each is loaded anew. */
  readonly cache?: SessionStore
}

/** What is to be loaded. */
export interface SessionRequest {
  readonly model: Uint8Array
  /** Tells apart sessions of one model that are loaded under different options. */
  readonly variant: string
  /** Bound on the memory of its intermediate values, which an idle session does not give back; 0 if unknown. */
  readonly workspaceBytes: number
}

/** Loaded sessions that several may hold. */
export interface SessionStore {
  /** Gives the session of a model, loading it if there is none. */
  take(request: SessionRequest, load: () => Promise<Session>): Promise<Session>
}

/** A place for one value in the memory of a WebGPU device; empty until a session writes into it. */
export class DeviceBuffer {
  #tensor: ort.Tensor | null = null

  /** What is fed to a session. */
  get native(): ort.Tensor {
    invariant(this.#tensor !== null, 'a place on the device is written before it is read')
    return this.#tensor
  }

  /** Takes a session's output in place of what was held. */
  adopt(tensor: ort.Tensor): void {
    this.release()
    this.#tensor = tensor
  }

  /** Frees the memory; the place is empty again. */
  release(): void {
    this.#tensor?.dispose()
    this.#tensor = null
  }
}

/** One argument of a call, flat, with its shape. */
export interface Argument {
  readonly data: TensorData | DeviceBuffer
  readonly shape: readonly number[]
}

/** A loaded ONNX model; holds native memory until released. */
export interface Session {
  /**
   * Runs once; results are written into the buffers given. Where all of them are on the host nothing large is
   * allocated.
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

function nativeTensor(data: TensorData, shape: readonly number[]): ort.Tensor {
  if (data instanceof Uint8Array) return new ort.Tensor('bool', data, shape)
  if (data instanceof Int32Array) return new ort.Tensor('int32', data, shape)
  return data instanceof Float32Array
    ? new ort.Tensor('float32', data, shape)
    : new ort.Tensor('float64', data, shape)
}

/** Remembers the native wrappers of buffers that come again and again. */
class TensorCache {
  readonly #known = new WeakMap<TensorData, { shape: string; tensor: ort.Tensor }>()

  get(name: string, { data, shape }: Argument): ort.Tensor {
    if (data instanceof DeviceBuffer) return data.native
    const extents = shape.join()
    const known = this.#known.get(data)
    if (known?.shape === extents) return known.tensor
    if (data.length !== sizeOf(shape)) {
      throw new ShapeError(name, `[${shape.join(', ')}]`, [data.length])
    }
    const tensor = nativeTensor(data, shape)
    this.#known.set(data, { shape: extents, tensor })
    return tensor
  }
}

/**
 * Loads a model into ONNX Runtime, or takes it from the cache of the options.
 *
 * @param resident - Outputs that stay on the GPU.
 * @param workspaceBytes - Bound on the memory of its intermediate values, if known.
 * @throws Error with the runtime's words if the device is not there.
 */
export function createSession(
  model: Uint8Array,
  options: SessionOptions = {},
  resident: readonly string[] = [],
  workspaceBytes = 0,
): Promise<Session> {
  const load = () => loadSession(model, options, resident)
  if (options.cache === undefined) return load()
  const variant = [options.device, options.threads, ...resident].join()
  return options.cache.take({ model, variant, workspaceBytes }, load)
}

/**
 * The provider of a device. WebGPU convolves channels-first, as our graphs are written: its channels-last kernel is wrong
 * for grouped convolutions with more than four outputs a group that are no multiple of four, as patches are (1.30).
 */
const providerOf = (device: OnnxDevice): ort.InferenceSession.ExecutionProviderConfig =>
  device === 'webgpu' ? { name: device, preferredLayout: 'NCHW' } : device

const optimizationOf = ({ device = 'cpu', isWide = false }: SessionOptions) => {
  if (isWide) return 'basic'
  // Beyond `extended` patches are made in blocked channels too, with copies of what they read and write: no faster here.
  return device === 'cpu' ? 'extended' : 'all'
}

async function loadSession(
  model: Uint8Array,
  options: SessionOptions,
  resident: readonly string[],
): Promise<Session> {
  const { device = 'cpu', threads = 0 } = options
  const bytes = resident.length === 0 ? withStop(model) : model
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: [providerOf(device)],
    graphOptimizationLevel: optimizationOf(options),
    // A block for all values of a call beside those of the first one: twice the memory, no faster either.
    enableMemPattern: false,
    ...(threads === 0 ? {} : { intraOpNumThreads: threads }),
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    ...(resident.length === 0
      ? {}
      : {
          preferredOutputLocation: Object.fromEntries(
            resident.map((name) => [name, 'gpu-buffer' as const]),
          ),
        }),
    // Within a call threads wait for work in a spin (10 to 30 % less time for networks of small layers). Between calls they
    // must not: every session has threads of its own, and they would take the cores from the session that runs next
    // (a gradient right after a block of products took twice its time on 2 cores).
    extra: { session: { force_spinning_stop: '1', intra_op: { allow_spinning: '1' } } },
  })
  const cache = new TensorCache()
  const feedsOf = (inputs: Readonly<Record<string, Argument>>): Record<string, ort.Tensor> => {
    const feeds: Record<string, ort.Tensor> = {}
    for (const [name, argument] of Object.entries(inputs)) feeds[name] = cache.get(name, argument)
    return feeds
  }
  return {
    run:
      resident.length === 0
        ? async (inputs, outputs) => {
            await runInto(session, feedsOf(inputs), feedsOf(outputs))
          }
        : async (inputs, outputs) => {
            // With outputs on the GPU the binding takes no buffers to write into; it makes every output anew.
            deliver(await session.run(feedsOf(inputs)), outputs)
          },
    release: () => session.release(),
  }
}

function deliver(
  results: ort.InferenceSession.ReturnType,
  outputs: Readonly<Record<string, Argument>>,
): void {
  for (const [name, { data }] of Object.entries(outputs)) {
    const result = results[name]
    invariant(result !== undefined, `a session yields its output ${name}`)
    if (data instanceof DeviceBuffer) data.adopt(result)
    else data.set(result.data as Float32Array)
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
