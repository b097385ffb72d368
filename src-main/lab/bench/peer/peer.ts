import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InputError, throwIfStopped } from '#base'
import type { TensorData } from '#tensor/dense'
import type { Contestant } from '../race.ts'
import type { Workload, WorkloadInstance } from '../workloads/workload.ts'
import { LineProcess } from './line-process.ts'
import {
  answerSchema,
  greetingSchema,
  peerWays,
  type Answer,
  type PeerDensity,
  type PeerSolver,
  type PeerVersions,
  type PeerWay,
  type PeerWork,
} from './messages.ts'

/** A peer that broke off or answered what nobody asked. */
export class PeerError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'PeerError'
  }
}

/** Training settings that both sides share. */
export interface StepSettings {
  readonly learningRate: number
  readonly momentum: number
}

/** What a peer computed from the parameters, the batch and the direction it was given. */
export interface PeerFigures {
  readonly loss: number
  readonly gradient: Float32Array
  /** H·v by each way that works. */
  readonly products: ReadonlyMap<PeerWay, Float32Array>
  /** Why a way does not work for this network. */
  readonly failures: ReadonlyMap<PeerWay, string>
}

/** Eigenpairs that a library found. */
export interface PeerEigenpairs {
  readonly ms: number
  readonly products: number
  /** Descending. */
  readonly values: readonly number[]
  /** `[k, n]`, of any length. */
  readonly vectors: Float32Array
}

/** A density that a library estimated; one row a probe. */
export interface PeerQuadrature {
  readonly ms: number
  readonly products: number
  readonly nodes: readonly (readonly number[])[]
  readonly weights: readonly (readonly number[])[]
}

/** Why a library gave nothing. */
export interface PeerFailure {
  readonly failure: string
}

/** Where a peer is found. */
export interface PeerOptions {
  /** The Python to run. */
  readonly python: string
  readonly script: string
  /** Ends the peer at once. */
  readonly signal?: AbortSignal | undefined
}

const bytesOf = (data: TensorData): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

/** Another library in a process of its own, which holds one workload at a time. */
export class Peer {
  readonly versions: PeerVersions
  readonly #process: LineProcess
  readonly #folder: string
  readonly #signal: AbortSignal | undefined
  readonly #kill: () => void

  private constructor(
    process: LineProcess,
    versions: PeerVersions,
    folder: string,
    signal: AbortSignal | undefined,
  ) {
    this.#process = process
    this.versions = versions
    this.#folder = folder
    this.#signal = signal
    this.#kill = () => process.kill()
    signal?.addEventListener('abort', this.#kill)
  }

  /**
   * Starts a peer and waits until it is ready.
   *
   * @throws InputError if the Python cannot be run or has no PyTorch that will do.
   */
  static async start({ python, script, signal }: PeerOptions): Promise<Peer> {
    const process = new LineProcess(python, [script])
    const line = await process.read()
    if (line === null) {
      throw new InputError('--peers', `--peers: ${python} cannot be run: ${process.endNote}`)
    }
    const greeting = greetingSchema.safeParse(parsed(line))
    if (greeting.success && 'ready' in greeting.data) {
      const folder = await mkdtemp(join(tmpdir(), 'saddle-bench-'))
      return new Peer(process, greeting.data.ready, folder, signal)
    }
    await process.close()
    const reason = greeting.success && 'missing' in greeting.data ? greeting.data.missing : line
    throw new InputError(
      '--peers',
      `--peers: ${python} must have PyTorch 2.0 or later and NumPy: ${reason}`,
    )
  }

  /**
   * Gives the peer a workload in place of the one before.
   *
   * @param direction - v, `[n]`.
   * @throws PeerError if it cannot build the network.
   */
  async prepare(
    workload: Workload,
    instance: WorkloadInstance,
    direction: Float32Array,
    step: StepSettings,
  ): Promise<PeerFigures> {
    const { layout, initialParameters, batch, loss } = instance
    const file = join(this.#folder, 'inputs')
    const results = join(this.#folder, 'results')
    await writeFile(file, [initialParameters, ...batch, direction].map(bytesOf))
    const answer = await this.#ask({
      prepare: {
        network: workload.twin,
        file,
        results,
        parameters: layout.entries.map(({ shape }) => shape),
        batch: loss.inputs.slice(layout.entries.length).map(({ type }) => type),
        ...step,
      },
    })
    if (!('prepared' in answer)) throw this.#refusal(answer)
    const { buffer } = new Uint8Array(await readFile(results))
    const parts = Array.from(
      { length: buffer.byteLength / layout.size / Float32Array.BYTES_PER_ELEMENT },
      (_, i) =>
        new Float32Array(buffer, i * layout.size * Float32Array.BYTES_PER_ELEMENT, layout.size),
    )
    const { failures } = answer.prepared
    const working = peerWays.filter((way) => failures[way] === undefined)
    return {
      loss: answer.prepared.loss,
      gradient: parts[0]!,
      products: new Map(working.map((way, i) => [way, parts[i + 1]!])),
      failures: new Map(
        peerWays.flatMap((way) => {
          const reason = failures[way]
          return reason === undefined ? [] : [[way, reason] as const]
        }),
      ),
    }
  }

  /** A work of the peer's; a call of a way to a product works off `rows` vectors, any other is one unit. */
  contestant(work: PeerWork, rows: number): Contestant {
    return {
      units: peerWays.some((way) => way === work) ? rows : 1,
      run: async (warm, repeat) => {
        const answer = await this.#ask({ run: work, rows, warm, repeat })
        if (!('ms' in answer)) throw this.#refusal(answer)
        return answer.ms
      },
    }
  }

  /**
   * Lets a library find the largest eigenvalues of the workload's Hessian once.
   *
   * @param size - n.
   * @returns Values, descending, with their vectors; or why it gave none.
   */
  async solve(
    solver: PeerSolver,
    settings: Readonly<Record<string, number | null>>,
    size: number,
  ): Promise<PeerEigenpairs | PeerFailure> {
    const results = join(this.#folder, 'results')
    const answer = await this.#ask({ solve: solver, results, ...settings })
    if (!('solved' in answer)) return this.#failure(answer)
    const { ms, products, values } = answer.solved
    const vectors = await float32File(results, values.length * size)
    return { ms, products, values, vectors }
  }

  /** Lets a library estimate the density of the workload's Hessian once. */
  async density(
    solver: PeerDensity,
    settings: Readonly<Record<string, number>>,
  ): Promise<PeerQuadrature | PeerFailure> {
    const results = join(this.#folder, 'results')
    const answer = await this.#ask({ density: solver, results, ...settings })
    if (!('density' in answer)) return this.#failure(answer)
    const { ms, products, probes, steps } = answer.density
    const numbers = await float64File(results, 2 * probes * steps)
    const rows = (first: number): number[][] =>
      Array.from({ length: probes }, (_, i) =>
        Array.from(numbers.subarray((first + i) * steps, (first + i + 1) * steps)),
      )
    return { ms, products, nodes: rows(0), weights: rows(probes) }
  }

  /**
   * All eigenvalues of the workload's Hessian in float64, ascending.
   *
   * @throws PeerError if the peer cannot.
   */
  async spectrum(): Promise<Float64Array> {
    const results = join(this.#folder, 'results')
    const answer = await this.#ask({ spectrum: { results } })
    if (!('spectrum' in answer)) throw this.#refusal(answer)
    return float64File(results, answer.spectrum.size)
  }

  async close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#kill)
    await this.#process.close()
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #ask(request: unknown): Promise<Answer> {
    this.#process.write(JSON.stringify(request))
    const line = await this.#process.read()
    throwIfStopped(this.#signal)
    if (line === null) throw new PeerError(`the peer broke off: ${this.#process.endNote}`)
    const answer = answerSchema.safeParse(parsed(line))
    if (!answer.success) throw new PeerError(`the peer answered ${line.slice(0, 200)}`)
    return answer.data
  }

  #failure(answer: Answer): PeerFailure {
    if ('absent' in answer) return { failure: `not installed: ${answer.absent}` }
    if ('error' in answer) return { failure: answer.error }
    throw this.#refusal(answer)
  }

  #refusal(answer: Answer): PeerError {
    return new PeerError(
      'error' in answer ? `the peer failed: ${answer.error}` : 'the peer answered another question',
    )
  }
}

async function bytesOfFile(path: string, length: number): Promise<ArrayBuffer> {
  // A copy: what readFile gives may begin at any address.
  const { buffer } = new Uint8Array(await readFile(path))
  if (buffer.byteLength !== length) {
    throw new PeerError(`the peer wrote ${buffer.byteLength} bytes where ${length} were due`)
  }
  return buffer
}

const float32File = async (path: string, count: number): Promise<Float32Array<ArrayBuffer>> =>
  new Float32Array(await bytesOfFile(path, count * Float32Array.BYTES_PER_ELEMENT))

const float64File = async (path: string, count: number): Promise<Float64Array> =>
  new Float64Array(await bytesOfFile(path, count * Float64Array.BYTES_PER_ELEMENT))

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null // not of the protocol: the schema refuses it
  }
}
