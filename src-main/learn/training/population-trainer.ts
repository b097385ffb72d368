import { InputError, NonFiniteError, ShapeError } from '#base'
import type { GradientTransform } from '#learn/optimizers'
import { createLayout, type Layout } from '#tensor/dense'
import type { Program } from '#tensor/program'
import {
  onnxRuntime,
  type Executable,
  type ResidentTensor,
  type Runtime,
  type TensorInput,
} from '#tensor/runtime'
import {
  checkSize,
  memberVectors,
  readMember,
  uploadMembers,
  writeMember,
  type MemberRows,
} from './member-rows.ts'
import { populationStepProgram } from './population-program.ts'
import { averageOffset, initialBuffers, initialState } from './trainer-state.ts'

/** What a {@link PopulationTrainer} is made of. */
export interface PopulationTrainerOptions {
  /** Loss program of one member; its first inputs are the parameters of `layout`, then the statistics of `buffers`. */
  readonly loss: Program
  readonly layout: Layout
  /** Running statistics of a member, whose new values are the last outputs of the loss. @default none */
  readonly buffers?: Layout | undefined
  readonly optimizer: GradientTransform
  /** How many networks, S. */
  readonly members: number
  /** `[n]` for each member, or `[S, n]`; copied. */
  readonly initialParameters: readonly Float32Array[] | Float32Array
  /** Flat, the same for all members; copied. @default zeros */
  readonly initialBuffers?: Float32Array | undefined
  /**
   * For each input of the loss after parameters and running statistics, whether it has a leading axis S.
   *
   * @default all shared
   */
  readonly isDataPerMember?: readonly boolean[] | undefined
  readonly runtime?: Runtime | undefined
}

/** What a step of a population reports; NaN for members that have failed. */
export interface PopulationStepResult {
  /** `[S]`, loss of the batch before the step. */
  readonly losses: Float32Array
  /** `[S]`, ‖∇L‖ of the batch. */
  readonly gradientNorms: Float32Array
  /** Members that failed in this step. */
  readonly newlyFailed: readonly number[]
}

/** One of the two sets that take turns. */
interface PopulationState {
  readonly parameters: MemberRows
  readonly state: MemberRows
  readonly buffers: MemberRows
  readonly tensors: readonly ResidentTensor[]
}

/** All that a member needs to go on. */
export interface MemberVectors {
  /** `[n]` */
  readonly parameters: Float32Array
  /** The optimizer's state, flat. */
  readonly state: Float32Array
  /** Running statistics, flat. */
  readonly buffers: Float32Array
}

/** A member's vectors before the step that was not finite. */
interface Failure extends MemberVectors {
  readonly error: NonFiniteError
}

/**
 * Takes optimizer steps of S networks of one architecture by one compiled program: seeds, learning
 * rates and initializations side by side.
 *
 * Equal to S separate trainers up to rounding. A member whose loss or gradient is no longer finite
 * fails alone: it is named, keeps the vectors it had before that step, and the others go on.
 */
export class PopulationTrainer {
  /** S. */
  readonly members: number
  readonly #executable: Executable
  readonly #losses: Float32Array
  readonly #squaredNorms: Float32Array
  readonly #unread: Float32Array[]
  readonly #learningRates: Float32Array
  /** Where the average of the parameters begins in a member's state. */
  readonly #averageOffset: number | null
  readonly #failures = new Map<number, Failure>()
  #current: PopulationState
  #next: PopulationState

  private constructor(
    members: number,
    executable: Executable,
    current: PopulationState,
    next: PopulationState,
    unreadCount: number,
    averageOffset: number | null,
  ) {
    const perMember = (): Float32Array => new Float32Array(members)
    this.members = members
    this.#executable = executable
    this.#current = current
    this.#next = next
    this.#losses = perMember()
    this.#squaredNorms = perMember()
    this.#unread = Array.from({ length: unreadCount }, perMember)
    this.#learningRates = perMember()
    this.#averageOffset = averageOffset
  }

  /**
   * Compiles the step.
   *
   * @throws InputError if there is no member or `isDataPerMember` does not fit the loss.
   * @throws ShapeError if the initial parameters are not `[S, n]`.
   */
  static async create(options: PopulationTrainerOptions): Promise<PopulationTrainer> {
    const { loss, layout, buffers = createLayout([]), optimizer, members } = options
    const runtime = options.runtime ?? onnxRuntime()
    if (!Number.isInteger(members) || members < 1) {
      throw new InputError('members', `members must be 1 or more, got ${members}`)
    }
    const parameterCount = layout.entries.length
    const bufferCount = buffers.entries.length
    const dataCount = loss.inputs.length - parameterCount - bufferCount
    const program = populationStepProgram(
      loss,
      parameterCount,
      optimizer,
      members,
      bufferCount,
      options.isDataPerMember ?? new Array<boolean>(dataCount).fill(false),
    )
    const starts = memberVectors(options.initialParameters, members, layout.size)
    const tensors = optimizer.init(loss.inputs.slice(0, parameterCount).map(({ type }) => type))
    const states = starts.map((start) => initialState(tensors, layout, start))
    const statistics = initialBuffers(buffers, options.initialBuffers)
    const createState = async (): Promise<PopulationState> => {
      const rows = {
        parameters: await uploadMembers(runtime, layout, starts),
        state: await uploadMembers(runtime, createLayout(tensors), states),
        buffers: await uploadMembers(
          runtime,
          buffers,
          new Array<Float32Array>(members).fill(statistics),
        ),
      }
      const { parameters, state } = rows
      return {
        ...rows,
        tensors: [...parameters.tensors, ...state.tensors, ...rows.buffers.tensors],
      }
    }
    const current = await createState()
    const executable = await runtime.compile(program, { residentOutputs: current.tensors.length })
    return new PopulationTrainer(
      members,
      executable,
      current,
      await createState(),
      loss.outputs.length - bufferCount - 1,
      averageOffset(tensors),
    )
  }

  /** Why each failed member failed. */
  get failures(): ReadonlyMap<number, NonFiniteError> {
    return new Map([...this.#failures].map(([member, { error }]) => [member, error]))
  }

  /** Copies of a member's vectors as they are now; those before the failed step if it has failed. */
  async vectorsOf(member: number): Promise<MemberVectors> {
    this.#checkMember(member)
    const failure = this.#failures.get(member)
    if (failure !== undefined) {
      const { parameters, state, buffers } = failure
      return { parameters: parameters.slice(), state: state.slice(), buffers: buffers.slice() }
    }
    return readVectors(this.#current, member)
  }

  /** A copy of a member's parameters, `[n]`; those before the failed step if it has failed. */
  async parametersOf(member: number): Promise<Float32Array> {
    this.#checkMember(member)
    const failure = this.#failures.get(member)
    return failure?.parameters.slice() ?? readMember(this.#current.parameters, member)
  }

  /** What is to be evaluated of a member, `[n]`: its parameters, or their running average if one is kept. */
  async evaluatedOf(member: number): Promise<Float32Array> {
    const { parameters, state } = await this.vectorsOf(member)
    const offset = this.#averageOffset
    return offset === null ? parameters : state.slice(offset, offset + parameters.length)
  }

  /**
   * Continues a member, failed or not, from saved vectors.
   *
   * @throws ShapeError if one has the wrong size.
   */
  async restore(member: number, vectors: MemberVectors): Promise<void> {
    this.#checkMember(member)
    const { parameters, state, buffers } = this.#current
    // All are looked at before one is changed.
    checkSize(parameters, vectors.parameters, 'saved parameters')
    checkSize(state, vectors.state, 'saved optimizer state')
    checkSize(buffers, vectors.buffers, 'saved running statistics')
    await writeMember(parameters, member, vectors.parameters)
    await writeMember(state, member, vectors.state)
    await writeMember(buffers, member, vectors.buffers)
    this.#failures.delete(member)
  }

  /**
   * Takes one step of every member.
   *
   * @param batch - The inputs of the loss after parameters and running statistics: one for all members, or `[S, …]` where
   *   `isDataPerMember` says so.
   * @param learningRates - `[S]`.
   * @throws ShapeError if there is not one learning rate a member, or an input does not fit.
   */
  async step(
    batch: readonly TensorInput[],
    learningRates: ArrayLike<number>,
  ): Promise<PopulationStepResult> {
    if (learningRates.length !== this.members) {
      throw new ShapeError('learning rates', `[${this.members}]`, [learningRates.length])
    }
    this.#learningRates.set(learningRates)
    await this.#executable.run<ResidentTensor | Float32Array>(
      [...this.#current.tensors, ...batch, this.#learningRates],
      [...this.#next.tensors, this.#losses, ...this.#unread, this.#squaredNorms],
    )
    const losses = this.#losses.slice()
    const gradientNorms = this.#squaredNorms.map(Math.sqrt)
    const newlyFailed: number[] = []
    for (let member = 0; member < this.members; member += 1) {
      if (!this.#failures.has(member)) {
        const isLossFinite = Number.isFinite(losses[member])
        if (isLossFinite && Number.isFinite(gradientNorms[member])) continue
        await this.#fail(member, isLossFinite ? 'gradient' : 'training loss')
        newlyFailed.push(member)
      }
      losses[member] = NaN
      gradientNorms[member] = NaN
    }
    const held = this.#current
    this.#current = this.#next
    this.#next = held
    return { losses, gradientNorms, newlyFailed }
  }

  /** Frees the program and the vectors. */
  async release(): Promise<void> {
    for (const tensor of [...this.#current.tensors, ...this.#next.tensors]) tensor.release()
    await this.#executable.release()
  }

  /**
   * Takes down what a member had before the step. Its rows in the tensors go on as they are:
   * members do not mix, so what is not finite stays with it, and no step pays for a selection.
   */
  async #fail(member: number, what: string): Promise<void> {
    this.#failures.set(member, {
      error: new NonFiniteError(`the ${what} of member ${member}`),
      ...(await readVectors(this.#current, member)),
    })
  }

  #checkMember(member: number): void {
    if (!Number.isInteger(member) || member < 0 || member >= this.members) {
      throw new InputError('member', `member must be in 0…${this.members - 1}, got ${member}`)
    }
  }
}

const readVectors = async (
  { parameters, state, buffers }: PopulationState,
  member: number,
): Promise<MemberVectors> => ({
  parameters: await readMember(parameters, member),
  state: await readMember(state, member),
  buffers: await readMember(buffers, member),
})
