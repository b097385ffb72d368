import { layoutViews, type Layout } from '#tensor/dense'
import type { Program } from '#tensor/program'
import { onnxRuntime, type ResidentTensor, type Runtime, type TensorInput } from '#tensor/runtime'

/** Sums the outputs of a weighted loss program over the batches of a data set. */
export interface Evaluator {
  /**
   * One number per output of the program, e.g. mean loss and accuracy.
   *
   * @param parameters - `[n]` on the host, or tensor by tensor where the runtime computes; in that form the running
   *   statistics follow, if the loss reads any.
   */
  evaluate(
    parameters: Float32Array | readonly ResidentTensor[],
    batches: readonly (readonly TensorInput[])[],
  ): Promise<number[]>
  release(): Promise<void>
}

/** Compiles a loss program for evaluation. */
export async function createEvaluator(options: {
  readonly loss: Program
  readonly layout: Layout
  readonly runtime?: Runtime | undefined
}): Promise<Evaluator> {
  const executable = await (options.runtime ?? onnxRuntime()).compile(options.loss)
  const outputs = options.loss.outputs.map(() => new Float32Array(1))
  return {
    evaluate: async (parameters, batches) => {
      const totals = outputs.map(() => 0)
      const tensors =
        parameters instanceof Float32Array ? layoutViews(options.layout, parameters) : parameters
      for (const batch of batches) {
        await executable.run([...tensors, ...batch], outputs)
        outputs.forEach((output, i) => (totals[i]! += output[0]!))
      }
      return totals
    },
    release: () => executable.release(),
  }
}
