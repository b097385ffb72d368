import { ShapeError } from '#base'
import { sizeOf, type TensorData } from '#tensor/dense'
import { formatType, type Program, type ValueType, type Variable } from '#tensor/program'
import { allocateTensor, hostData, type Executable, type TensorInput } from '#tensor/runtime'
import type { Tensor, TensorflowBackend } from './backend.ts'
import { evaluateEquation, tensorflowDtype } from './rules.ts'

/** For each equation the values that nobody reads after it. */
function lastReads(program: Program): readonly (readonly Variable[])[] {
  const isReadLater = new Set(program.outputs)
  return program.equations
    .toReversed()
    .map(({ inputs, output }) => {
      const last = new Set([output, ...inputs].filter((variable) => !isReadLater.has(variable)))
      last.forEach((variable) => isReadLater.add(variable))
      return [...last]
    })
    .toReversed()
}

/** The buffers behind the arguments of a call, checked. */
function buffersOf(
  subject: string,
  types: readonly ValueType[],
  values: readonly TensorInput[],
): readonly TensorData[] {
  if (values.length !== types.length) {
    throw new ShapeError(subject, `[${types.length}]`, [values.length])
  }
  return types.map((type, i) => {
    const data = hostData(values[i]!)
    if (data.length !== sizeOf(type.shape)) {
      throw new ShapeError(`${subject}, number ${i},`, formatType(type), [data.length])
    }
    return data
  })
}

/** A program that TensorFlow.js runs equation by equation; a value is freed after its last reader. */
export function createExecutable(tf: TensorflowBackend, program: Program): Executable {
  const inputTypes = program.inputs.map((variable) => variable.type)
  const outputTypes = program.outputs.map((variable) => variable.type)
  const dying = lastReads(program)

  function evaluate(values: Map<Variable, Tensor>, inputs: readonly TensorData[]): void {
    program.inputs.forEach((variable, i) => {
      const { shape, dtype } = variable.type
      values.set(variable, tf.tensor(inputs[i]!, [...shape], tensorflowDtype(dtype)))
    })
    program.equations.forEach((equation, i) => {
      const operands = equation.inputs.map((input) => values.get(input)!)
      values.set(equation.output, evaluateEquation(tf, equation, operands))
      for (const variable of dying[i]!) {
        values.get(variable)!.dispose()
        values.delete(variable)
      }
    })
  }

  async function run(
    inputs: readonly TensorInput[],
    outputs: readonly TensorInput[] = outputTypes.map(allocateTensor),
  ): Promise<readonly TensorInput[]> {
    const given = buffersOf(`inputs of ${program.name}`, inputTypes, inputs)
    const targets = buffersOf(`outputs of ${program.name}`, outputTypes, outputs)
    const values = new Map<Variable, Tensor>()
    try {
      evaluate(values, given)
      for (const [i, variable] of program.outputs.entries()) {
        targets[i]!.set(await values.get(variable)!.data())
      }
    } finally {
      for (const tensor of values.values()) tensor.dispose()
    }
    return outputs
  }
  return {
    program,
    // The outputs that are returned are those that were given.
    run: run as Executable['run'],
    release: () => Promise.resolve(),
  }
}
