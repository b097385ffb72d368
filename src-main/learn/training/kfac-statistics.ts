import { fillNormal, fillSigns, type RandomStream } from '#base'
import {
  add,
  broadcastTo,
  Graph,
  inlineProgram,
  mul,
  constantLike,
  div,
  pruneProgram,
  reduceSum,
  reshape,
  simplifyProgram,
  softmax,
  sqrt,
  stopGradient,
  sub,
  traceProgram,
  type Program,
  type Tracer,
  type ValueType,
} from '#tensor/program'
import { batch, valueAndGradient } from '#tensor/transforms'
import { factorTensors, inputFactor, outputFactor, type KfacParts } from './kfac-blocks.ts'
import { drawnClasses } from './kfac-classes.ts'
import {
  closedLoss,
  commonInputs,
  float32Types,
  listInputs,
  outputShape,
  outputsPlace,
  rowWeights,
  scalarType,
} from './kfac-programs.ts'
import type { FullKfacSettings, KfacLoss } from './kfac-settings.ts'
import { identityLike } from './newton-inverse.ts'

/** Laws of the numbers drawn for an update of the factors. */
export type NoiseKind = 'uniform' | 'normal' | 'signs'

/** Draws them. */
export function drawNoise(kind: NoiseKind, target: Float32Array, stream: RandomStream): void {
  if (kind === 'normal') fillNormal(target, stream)
  else if (kind === 'signs') fillSigns(target, stream)
  else for (let i = 0; i < target.length; i += 1) target[i] = stream.nextUniform()
}

/**
 * What is drawn for one update of the factors: `uniform` numbers for the classes of sampled targets, `normal` ones for
 * sampled values, `signs` for exact columns (so that the rows of a batch do not add up in a diagonal).
 */
export function noiseOf(
  loss: KfacLoss,
  { fisher }: Pick<FullKfacSettings, 'fisher'>,
): { readonly kind: NoiseKind; readonly shape: readonly number[] } {
  const [rows, columns] = outputShape(loss)
  if (fisher === 'exact') return { kind: 'signs', shape: [rows] }
  return loss.loss === 'cross-entropy'
    ? { kind: 'uniform', shape: [rows] }
    : { kind: 'normal', shape: [rows, columns] }
}

/**
 * Derivatives of the loss at targets that are drawn, or one column of a root of the loss's Hessian.
 *
 * @param column - One-hot `[c]`, of an exact root only.
 * @returns `[rows, c]`, of which E[d·dᵀ] or Σ d·dᵀ over columns is the Hessian of each row.
 */
function outputDerivative(
  { loss }: KfacLoss,
  outputs: Tracer,
  noise: Tracer,
  column: Tracer | null,
): Tracer {
  const [rows, count] = outputs.shape as [number, number]
  const isCrossEntropy = loss === 'cross-entropy'
  const probabilities = softmax(outputs)
  if (column === null) {
    return isCrossEntropy ? sub(probabilities, drawnClasses(probabilities, noise)) : noise
  }
  const wide = broadcastTo(column, [rows, count])
  const signs = reshape(noise, [rows, 1])
  if (!isCrossEntropy) return mul(wide, signs)
  // √pₖ·(eₖ − p): the sum of squares over k is diag(p) − p·pᵀ.
  const root = sqrt(reduceSum(mul(probabilities, wide), [1]))
  return mul(sub(wide, probabilities), mul(reshape(root, [rows, 1]), signs))
}

/** ⟨d, f⟩ with d held fixed and each row weighted by √(wᵢ/P): its derivatives are those of all rows, weighted. */
function pairing(loss: KfacLoss, settings: FullKfacSettings): Program {
  const { program, answers } = loss
  const place = outputsPlace(loss)
  const forward = pruneProgram({ ...program, outputs: [program.outputs[place]!] })
  const weightsPlace = loss.layout.entries.length + loss.buffers.entries.length + 2
  const types: ValueType[] = [
    ...program.inputs.map(({ type }) => type),
    { dtype: 'float32', shape: noiseOf(loss, settings).shape },
    ...(settings.fisher === 'exact'
      ? [{ dtype: 'float32', shape: [outputShape(loss)[1]] } as const]
      : []),
  ]
  return traceProgram(`derivatives of ${program.name}`, types, (inputs) => {
    const count = program.inputs.length
    const [outputs] = inlineProgram(forward, inputs[0]!.graph, inputs.slice(0, count))
    const derivative = outputDerivative(loss, outputs!, inputs[count]!, inputs[count + 1] ?? null)
    const weights = sqrt(rowWeights(inputs[weightsPlace]!, answers))
    return [reduceSum(mul(stopGradient(mul(derivative, weights)), outputs!))]
  })
}

/**
 * One update of the running means of the factors.
 *
 * Every position of a layer that is used at many (time of a sequence, places of an image) counts as a sample of its own:
 * A is the mean over positions and G the sum, the setting called "expand". A diagonal is the square of the
 * derivative of the whole batch, whose expectation is the Fisher diagonal as rows are drawn independently.
 *
 * @returns A program with inputs (parameters, running statistics, features, targets, weights, noise, running means, share
 *   of the past `[]`) and the new running means as outputs.
 * @see Martens and Grosse, Optimizing neural networks with Kronecker-factored approximate curvature (2015)
 * @see Grosse and Martens, A Kronecker-factored approximate Fisher matrix for convolution layers (2016)
 * @see Eschenhagen et al., Kronecker-factored approximate curvature for modern neural network architectures (2023)
 */
export function statisticsProgram(
  loss: KfacLoss,
  parts: KfacParts,
  settings: FullKfacSettings,
): Program {
  const { program, layout } = loss
  const { blocks, diagonal } = parts
  const graph = new Graph()
  const common = commonInputs(graph, loss)
  const noise = graph.input({ dtype: 'float32', shape: noiseOf(loss, settings).shape })
  const held = float32Types(factorTensors(loss, parts)).map((type) => graph.input(type))
  const share = graph.input(scalarType)

  const first = listInputs(common).length
  const wrt = [...blocks.map(({ place }) => first + place), ...diagonal]
  const differentiated = valueAndGradient(pairing(loss, settings), wrt)
  const pulled = { ...differentiated, outputs: differentiated.outputs.slice(1) }
  const columns = outputShape(loss)[1]
  const isExact = settings.fisher === 'exact'
  const zeros = program.inputs.slice(first).map(({ type }) => constantLike(share, 0, type.shape))
  const derivatives = isExact
    ? inlineProgram(
        batch(
          pulled,
          pulled.inputs.map((_, i) => i === pulled.inputs.length - 1),
          columns,
        ),
        graph,
        [...listInputs(common), ...zeros, noise, identityLike(share, columns)],
      ).map((value, i) =>
        i < blocks.length
          ? reshape(value, [columns * value.shape[1]!, ...value.shape.slice(2)])
          : value,
      )
    : inlineProgram(pulled, graph, [...listInputs(common), ...zeros, noise])

  const layerInputs = inlineProgram(
    closedLoss(loss, ({ outputs }) => outputs.slice(outputsPlace(loss) + 1)),
    graph,
    listInputs(common),
  )
  const weights = div(common.weights, reduceSum(common.weights))
  const seen = [
    ...blocks.flatMap((block, i) => [
      inputFactor(
        block,
        layerInputs[block.place]!,
        layout.entries[block.layer.weight]!.shape.slice(1),
        weights,
      ),
      outputFactor(derivatives[i]!),
    ]),
    ...diagonal.map((_, i) => {
      const value = derivatives[blocks.length + i]!
      const square = mul(value, value)
      return isExact ? reduceSum(square, [0]) : square
    }),
  ]
  const mixed = held.map((old, i) => add(mul(old, share), mul(seen[i]!, sub(1, share))))
  return simplifyProgram(
    graph.finish(`factors(${program.name})`, [...listInputs(common), noise, ...held, share], mixed),
  )
}
