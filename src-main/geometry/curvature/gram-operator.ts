import type { Vector } from '#geometry/operators'
import type { TensorData } from '#tensor/dense'
import { simplifyProgram, type Program } from '#tensor/program'
import { allocateTensor } from '#tensor/runtime'
import { batchTangents, jvp, vjp } from '#tensor/transforms'
import { BatchMap } from './batch-map.ts'
import type { CurvatureOperator } from './curvature-operator.ts'
import { LinearSum, planProduct } from './linear-sum.ts'
import { placeInputs, type CurvatureSetting } from './placed-inputs.ts'
import { allocateVector, checkBlock, createSpace, inPrecision, precisionOf } from './precision.ts'
import { selectTensors } from './select-tensors.ts'

/** What the Gram matrix is of and where. */
export interface GramOptions extends CurvatureSetting {
  /** Inputs: the parameters of `layout` and a batch; its one output holds the values of the batch. */
  readonly values: Program
  /** Leading entries of the values that count, of each batch: what fills up a batch does not. */
  readonly entries: readonly number[]
}

/** Back to the parameters and forth again, for a fixed number of rows. */
interface Passes {
  readonly back: LinearSum
  readonly forth: BatchMap
  /** Cotangents of each batch's values, `[rows, values]`; what does not count stays 0. */
  readonly cotangents: readonly Vector[]
  /** Σ Jᵀu over batches, tensor by tensor `[rows, shape…]`. */
  readonly slopes: readonly TensorData[]
  /** Values of one batch, `[rows, values]`. */
  readonly values: Vector
  /** Values of a batch. */
  readonly width: number
}

/** The derivative alone, linear in the last inputs. */
function derivative(program: Program, count: number): Program {
  const varyingInputs = program.inputs.map((_, i) => i).slice(-count)
  return simplifyProgram({ ...program, outputs: program.outputs.slice(1) }, { varyingInputs })
}

/**
 * The Gram matrix K = J·Jᵀ of all values, J their Jacobian: of a network's outputs the empirical neural tangent kernel,
 * not divided by the number of samples. Its nonzero eigenvalues are those of JᵀJ.
 *
 * K·u takes a pass back over all batches, Jᵀu, and one forth, J·(Jᵀu): about the cost of a Gauss–Newton product. Otherwise as
 * {@link createCurvatureOperator}; its vectors hold the values of the batches one after another.
 *
 * @throws ShapeError if `parameters` does not fit the layout.
 * @throws InputError if a name in `tensors` fits none of the layout's.
 */
export async function createGramOperator(options: GramOptions): Promise<CurvatureOperator> {
  const { values, entries } = options
  const { places, layout } = selectTensors(options.layout, options.tensors)
  const wanted = precisionOf(options.parameters)
  const back = inPrecision(derivative(vjp(values, places), 1), wanted)
  const forth = inPrecision(derivative(jvp(values, places), places.length), wanted)
  const inputs = await placeInputs(options, back)
  const { precision, runtime, preferredRows, parameters, batches } = inputs
  const size = entries.reduce((sum, count) => sum + count, 0)
  const starts = entries.map((_, batch) =>
    entries.slice(0, batch).reduce((sum, count) => sum + count, 0),
  )
  const space = await createSpace(size, precision, runtime, options.memory)

  const createPasses = async (rows: number): Promise<Passes> => {
    // Both passes, for blocks and for single vectors, share what there is.
    const plan = (program: Program, count: number) =>
      planProduct(
        program,
        program.inputs.map((_, i) => i).slice(-count),
        batches.length,
        inputs.residualMemory / 4,
      )
    const backBlock = batchTangents(back, 1, rows)
    const forthBlock = batchTangents(forth, places.length, rows)
    const { type } = forthBlock.outputs[0]!
    // The values are floats.
    const block = (): Vector => allocateTensor(type) as Vector
    return {
      back: await LinearSum.create(backBlock, plan(backBlock, 1), batches.length, runtime),
      forth: await BatchMap.create(forthBlock, plan(forthBlock, places.length), runtime),
      cotangents: batches.map(block),
      slopes: layout.entries.map((entry) => allocateVector(precision, rows * entry.size)),
      values: block(),
      width: block().length / rows,
    }
  }
  const passes = new Map<number, Promise<Passes>>()
  const passesFor = (rows: number): Promise<Passes> => {
    const made = passes.get(rows) ?? createPasses(rows)
    passes.set(rows, made)
    return made
  }

  const multiply = async (input: Vector, rows: number, output: Vector): Promise<void> => {
    const { back: pull, forth: push, ...all } = await passesFor(rows === 1 ? 1 : preferredRows)
    all.cotangents.forEach((block, batch) => {
      block.fill(0, rows * all.width)
      for (let row = 0; row < rows; row += 1) {
        const from = row * size + starts[batch]!
        block.set(input.subarray(from, from + entries[batch]!), row * all.width)
      }
    })
    await pull.run(parameters, batches, (batch) => [all.cotangents[batch]!], all.slopes)
    for (const batch of batches.keys()) {
      await push.run(parameters, batches, batch, all.slopes, all.values)
      for (let row = 0; row < rows; row += 1) {
        const from = row * all.width
        const own = all.values.subarray(from, from + entries[batch]!)
        output.set(own, row * size + starts[batch]!)
      }
    }
  }

  return {
    size,
    space,
    preferredRows,
    apply: async (input, rows, output) => {
      checkBlock('input', input, rows, size, precision)
      checkBlock('output', output, rows, size, precision)
      for (let row = 0; row < rows; row += preferredRows) {
        const count = Math.min(preferredRows, rows - row)
        const [from, to] = [row * size, (row + count) * size]
        await multiply(input.subarray(from, to), count, output.subarray(from, to))
      }
    },
    release: async () => {
      inputs.release()
      for (const made of passes.values()) {
        const { back: pull, forth: push } = await made
        await pull.release()
        await push.release()
      }
      await space.release()
    },
  }
}
