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
import { readMember, stackMembers, writeMember, type MemberRows } from './member-rows.ts'
import { populationStepProgram } from './population-program.ts'

/** What a {@link PopulationTrainer} is made of. */
export interface PopulationTrainerOptions {
  /** Loss program of one member; its first inputs are the parameters of `layout`. */
  readonly loss: Program
  readonly layout: Layout
  readonly optimizer: GradientTransform
  /** How many networks, S. */
  readonly members: number
  /** `[n]` for each member, or `[S, n]`; copied. */
  readonly initialParameters: readonly Float32Array[] | Float32Array
  /**
   * For each input of the loss after the parameters, whether it has a leading axis S.
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

interface Buffers {
  readonly parameters: MemberRows
  readonly state: MemberRows
  readonly tensors: readonly ResidentTensor[]
}

/** A member's vectors before the step that was not finite. */
interface Failure {
  readonly error: NonFiniteError
  readonly parameters: Float32Array
  readonly state: Float32Array
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
  readonly #failures = new Map<number, Failure>()
  #current: Buffers
  #next: Buffers

  private constructor(
    members: number,
    executable: Executable,
    current: Buffers,
    next: Buffers,
    unreadCount: number,
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
  }

  /**
   * Compiles the step.
   *
   * @throws InputError if there is no member or `isDataPerMember` does not fit the loss.
   * @throws ShapeError if the initial parameters are not `[S, n]`.
   */
  static async create(options: PopulationTrainerOptions): Promise<PopulationTrainer> {
    const { loss, layout, optimizer, members } = options
    const runtime = options.runtime ?? onnxRuntime()
    if (!Number.isInteger(members) || members < 1) {
      throw new InputError('members', `members must be 1 or more, got ${members}`)
    }
    const parameterCount = layout.entries.length
    const dataCount = loss.inputs.length - parameterCount
    const program = populationStepProgram(
      loss,
      parameterCount,
      optimizer,
      members,
      options.isDataPerMember ?? new Array<boolean>(dataCount).fill(false),
    )
    const initial = memberVectors(options.initialParameters, members, layout.size)
    const tensors = optimizer.init(loss.inputs.slice(0, parameterCount).map(({ type }) => type))
    const stateLayout = createLayout(tensors)
    const initialState = new Float32Array(stateLayout.size)
    stateLayout.entries.forEach(({ offset, size }, i) => {
      initialState.fill(tensors[i]!.initial, offset, offset + size)
    })
    const upload = async (
      rowLayout: Layout,
      vectors: readonly Float32Array[],
    ): Promise<MemberRows> => {
      const stacked = stackMembers(rowLayout, vectors)
      const resident = rowLayout.entries.map(({ shape }, i) =>
        runtime.upload(stacked[i]!, { dtype: 'float32', shape: [members, ...shape] }),
      )
      return { layout: rowLayout, tensors: await Promise.all(resident) }
    }
    const buffers = async (): Promise<Buffers> => {
      const parameters = await upload(layout, initial)
      const state = await upload(stateLayout, new Array<Float32Array>(members).fill(initialState))
      return { parameters, state, tensors: [...parameters.tensors, ...state.tensors] }
    }
    const current = await buffers()
    const executable = await runtime.compile(program, { residentOutputs: current.tensors.length })
    const next = await buffers()
    return new PopulationTrainer(members, executable, current, next, loss.outputs.length - 1)
  }

  /** Why each failed member failed. */
  get failures(): ReadonlyMap<number, NonFiniteError> {
    return new Map([...this.#failures].map(([member, { error }]) => [member, error]))
  }

  /** A copy of a member's parameters, `[n]`; those before the failed step if it has failed. */
  async parametersOf(member: number): Promise<Float32Array> {
    this.#checkMember(member)
    const failure = this.#failures.get(member)
    return failure?.parameters.slice() ?? readMember(this.#current.parameters, member)
  }

  /** A copy of a member's optimizer state, flat; that before the failed step if it has failed. */
  async stateOf(member: number): Promise<Float32Array> {
    this.#checkMember(member)
    const failure = this.#failures.get(member)
    return failure?.state.slice() ?? readMember(this.#current.state, member)
  }

  /**
   * Continues a member, failed or not, from saved vectors.
   *
   * @throws ShapeError if either has the wrong size.
   */
  async restore(member: number, parameters: Float32Array, state: Float32Array): Promise<void> {
    this.#checkMember(member)
    const { layout } = this.#current.state
    if (state.length !== layout.size) {
      throw new ShapeError('saved optimizer state', `[${layout.size}]`, [state.length])
    }
    await writeMember(this.#current.parameters, member, parameters, 'saved parameters')
    await writeMember(this.#current.state, member, state, 'saved optimizer state')
    this.#failures.delete(member)
  }

  /**
   * Takes one step of every member.
   *
   * @param batch - The inputs of the loss after the parameters: one for all members, or `[S, …]` where
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
      parameters: await readMember(this.#current.parameters, member),
      state: await readMember(this.#current.state, member),
    })
  }

  #checkMember(member: number): void {
    if (!Number.isInteger(member) || member < 0 || member >= this.members) {
      throw new InputError('member', `member must be in 0…${this.members - 1}, got ${member}`)
    }
  }
}

/** The rows of `[S, n]`, however they are given. */
function memberVectors(
  given: readonly Float32Array[] | Float32Array,
  members: number,
  size: number,
): readonly Float32Array[] {
  if (given instanceof Float32Array) {
    if (given.length !== members * size) {
      throw new ShapeError('initial parameters', `[${members}, ${size}]`, [given.length])
    }
    return Array.from({ length: members }, (_, member) =>
      given.subarray(member * size, (member + 1) * size),
    )
  }
  const wrong = given.find((vector) => vector.length !== size)
  if (given.length !== members || wrong !== undefined) {
    throw new ShapeError('initial parameters', `[${members}, ${size}]`, [
      given.length,
      (wrong ?? given[0])?.length ?? 0,
    ])
  }
  return given
}
