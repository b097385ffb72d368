import {
  abs,
  add,
  div,
  Graph,
  inlineProgram,
  maximum,
  minimum,
  mul,
  neg,
  reduceSum,
  reshape,
  simplifyProgram,
  softmax,
  sqrt,
  sub,
  type Program,
  type Tracer,
} from '#tensor/program'
import { jvp, valueAndGradient } from '#tensor/transforms'
import { preconditionBlock, type KfacParts } from './kfac-blocks.ts'
import { inverseTensors } from './kfac-inverse.ts'
import {
  closedLoss,
  commonInputs,
  float32Types,
  listInputs,
  outputsPlace,
  rowWeights,
  scalarType,
} from './kfac-programs.ts'
import type { FullKfacSettings, KfacLoss } from './kfac-settings.ts'

/** Below this a curvature counts as this: a direction of zeros then has the share 0. */
const smallestCurvature = 1e-30

/** Two directions are taken to be at least this far from parallel, as sin² of the angle in the model's metric. */
const smallestAngle = 1e-4

const inner = (a: readonly Tracer[], b: readonly Tracer[]): Tracer =>
  a.map((x, i) => reduceSum(mul(x, b[i]!))).reduce((sum, x) => add(sum, x))

/** Σ over rows of weight·⟨u, H·v⟩, with H the Hessian of the loss in the outputs. */
function lossCurvature(
  { loss }: KfacLoss,
  outputs: Tracer,
  weights: Tracer,
  u: Tracer,
  v: Tracer,
): Tracer {
  if (loss === 'squared-error') return reduceSum(mul(weights, mul(u, v)))
  const probabilities = softmax(outputs)
  const mean = (x: Tracer): Tracer => reduceSum(mul(probabilities, x), [1])
  const products = sub(mean(mul(u, v)), mul(mean(u), mean(v)))
  return reduceSum(mul(reshape(weights, [outputs.shape[0]!]), products))
}

/** Symmetric 2×2 matrix and vector of the model along two directions: ½·x·M·x + b·x. */
interface PlaneModel {
  readonly m11: Tracer
  readonly m12: Tracer
  readonly m22: Tracer
  readonly b1: Tracer
  readonly b2: Tracer
}

/** Where the model is smallest, in coordinates in which M has a diagonal of ones. */
function smallest({ m11, m12, m22, b1, b2 }: PlaneModel): readonly [Tracer, Tracer] {
  const [s1, s2] = [m11, m22].map((m) => div(1, sqrt(maximum(m, smallestCurvature))))
  const correlation = mul(m12, mul(s1!, s2!))
  const determinant = maximum(sub(1, mul(correlation, correlation)), smallestAngle)
  const [c1, c2] = [mul(b1, s1!), mul(b2, s2!)]
  const x1 = div(sub(mul(correlation, c2), c1), determinant)
  const x2 = div(sub(mul(correlation, c1), c2), determinant)
  return [mul(x1, s1!), mul(x2, s2!)]
}

/** The model's change of the loss at coordinates along its directions. */
function changeOf(
  { m11, m12, m22, b1, b2 }: PlaneModel,
  [alpha, mu]: readonly [Tracer, Tracer],
): Tracer {
  const linear = add(mul(alpha, b1), mul(mu, b2))
  const quadratic = add(
    add(mul(mul(alpha, alpha), m11), mul(mul(mu, mu), m22)),
    mul(mul(mul(alpha, mu), m12), 2),
  )
  return add(linear, mul(quadratic, 0.5))
}

const scaled = (factor: Tracer, [alpha, mu]: readonly [Tracer, Tracer]): [Tracer, Tracer] => [
  mul(alpha, factor),
  mul(mu, factor),
]

/**
 * The share s of a step to the model's minimum that takes the loss to 0, where the whole step would take it below: no loss
 * is, so the model cannot hold that far. Of the minimum's change a share s makes 2·s − s².
 */
function possibleShare(loss: Tracer, change: Tracer): Tracer {
  const possible = minimum(div(loss, maximum(neg(change), smallestCurvature)), 1)
  return sub(1, sqrt(sub(1, possible)))
}

/** −(block or diagonal inverse)·∇L, tensor by tensor. */
function preconditioned(
  loss: KfacLoss,
  { blocks, diagonal }: KfacParts,
  gradients: readonly Tracer[],
  inverses: readonly Tracer[],
  diagonals: readonly Tracer[],
  damping: Tracer,
): Tracer[] {
  const steps: Tracer[] = [...gradients]
  blocks.forEach((block, i) => {
    const { weight, bias } = block.layer
    const step = preconditionBlock(
      block,
      loss.layout.entries[weight]!.shape,
      { inputs: inverses[2 * i]!, outputs: inverses[2 * i + 1]! },
      { weight: gradients[weight]!, bias: bias === null ? null : gradients[bias]! },
    )
    steps[weight] = step.weight
    if (bias !== null) steps[bias] = step.bias!
  })
  diagonal.forEach((place, i) => {
    steps[place] = div(gradients[place]!, add(diagonals[i]!, damping))
  })
  return steps.map((step) => neg(step))
}

/**
 * One step along the preconditioned gradient Δ and the step before, δ₀: δ = η·(α·Δ + μ·δ₀).
 *
 * With `exact`, (α, μ) minimize the damped quadratic model ∇L·δ + ½·δ·(F + λ·I)·δ, with F the Gauss–Newton matrix of this
 * batch by two forward derivatives; the step is shortened where the model would take the loss below 0.
 *
 * @returns A program with inputs (parameters, running statistics, features, targets, weights, inverses, diagonals, δ₀, λ,
 *   η, share of δ₀) and outputs (new parameters, δ, gradients, new running statistics, L `[]`, ‖∇L‖² `[]`, predicted
 *   change of L `[]`).
 * @see Martens and Grosse (2015), §6.4 and §7
 */
export function updateProgram(
  loss: KfacLoss,
  parts: KfacParts,
  settings: FullKfacSettings,
): Program {
  const { layout, program } = loss
  const graph = new Graph()
  const common = commonInputs(graph, loss)
  const { parameters, weights } = common
  const types = float32Types(layout.entries)
  const inverses = float32Types(inverseTensors(loss, parts)).map((type) => graph.input(type))
  const diagonals = parts.diagonal.map((place) => graph.input(types[place]!))
  const last = types.map((type) => graph.input(type))
  const [damping, learningRate, share] = [0, 1, 2].map(() => graph.input(scalarType)) as [
    Tracer,
    Tracer,
    Tracer,
  ]

  const wrt = layout.entries.map((_, i) => i)
  const place = outputsPlace(loss)
  const trained = closedLoss(loss, ({ outputs }) => outputs.slice(0, place))
  const results = inlineProgram(valueAndGradient(trained, wrt), graph, listInputs(common))
  const gradients = results.slice(place)
  const step = preconditioned(loss, parts, gradients, inverses, diagonals, damping)
  const slope = inner(gradients, step)

  let moves: Tracer[]
  let predicted: Tracer
  if (settings.rescaling === 'clip') {
    // ⟨Δ, F·Δ⟩ ≈ −⟨∇L, Δ⟩, if the blocks were all of F.
    const divergence = maximum(mul(abs(slope), mul(learningRate, learningRate)), smallestCurvature)
    const length = minimum(sqrt(div(settings.clip, divergence)), 1)
    moves = step.map((x, i) => add(mul(x, mul(length, learningRate)), mul(last[i]!, share)))
    predicted = mul(slope, 0)
  } else {
    const before = last.map((x) => mul(x, share))
    const forward = closedLoss(loss, ({ outputs }) => [outputs[place]!])
    const push = (tangents: readonly Tracer[]): Tracer[] =>
      inlineProgram(jvp(forward, wrt), graph, [...listInputs(common), ...tangents])
    const [outputs, along] = push(step) as [Tracer, Tracer]
    const alongLast = push(before)[1]!
    const rows = rowWeights(weights, loss.answers)
    const curvature = (u: Tracer, v: Tracer): Tracer => lossCurvature(loss, outputs, rows, u, v)
    const model: PlaneModel = {
      m11: add(curvature(along, along), mul(damping, inner(step, step))),
      m12: add(curvature(along, alongLast), mul(damping, inner(step, before))),
      m22: add(curvature(alongLast, alongLast), mul(damping, inner(before, before))),
      b1: slope,
      b2: inner(gradients, before),
    }
    const wanted = scaled(learningRate, smallest(model))
    const [alpha, mu] = scaled(possibleShare(results[0]!, changeOf(model, wanted)), wanted)
    moves = step.map((x, i) => add(mul(x, alpha), mul(before[i]!, mu)))
    predicted = changeOf(model, [alpha, mu])
  }
  return simplifyProgram(
    graph.finish(
      `step(${program.name})`,
      [...listInputs(common), ...inverses, ...diagonals, ...last, damping, learningRate, share],
      [
        ...parameters.map((parameter, i) => add(parameter, moves[i]!)),
        ...moves,
        ...gradients,
        ...results.slice(1, place),
        results[0]!,
        inner(gradients, gradients),
        predicted,
      ],
    ),
  )
}
