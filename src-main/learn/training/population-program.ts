import { InputError } from '#base'
import type { GradientTransform } from '#learn/optimizers'
import { simplifyProgram, type Program } from '#tensor/program'
import { batch } from '#tensor/transforms'
import { stepProgram } from './step-program.ts'

/**
 * One optimizer step of S networks of one architecture as one program: {@link stepProgram} with a
 * leading axis S on parameters, state, running statistics, learning rate, every output, and the
 * data that is not shared.
 *
 * @param loss - As for {@link stepProgram}.
 * @param members - S.
 * @param bufferCount - Running statistics, as for {@link stepProgram}.
 * @param isDataPerMember - One flag for each input of `loss` after parameters and running statistics.
 * @throws InputError if the number of flags is not the number of those inputs.
 */
export function populationStepProgram(
  loss: Program,
  parameterCount: number,
  optimizer: GradientTransform,
  members: number,
  bufferCount: number,
  isDataPerMember: readonly boolean[],
): Program {
  const dataCount = loss.inputs.length - parameterCount - bufferCount
  if (isDataPerMember.length !== dataCount) {
    throw new InputError(
      'isDataPerMember',
      `isDataPerMember must have one flag for each of ${dataCount} data inputs, got ${isDataPerMember.length}`,
    )
  }
  const step = stepProgram(loss, parameterCount, optimizer, { bufferCount })
  // The inputs of a step: parameters, state, running statistics, data, learning rate.
  const dataStart = step.inputs.length - 1 - dataCount
  const isBatched = step.inputs.map((_, i) => isDataPerMember[i - dataStart] ?? true)
  return simplifyProgram(batch(step, isBatched, members))
}
