import { invariant } from '#base'
import { labelsPerSample } from '#learn/tasks'
import type { Layout } from '#tensor/dense'
import { add, type Program, type Tracer, type Window2d } from '#tensor/program'
import { lossProgram, type Loss } from './losses.ts'
import type { Model } from './model.ts'
import type { PlacedTap } from './scope.ts'

/** A layer that is linear in its parameters, by places in the layout. */
export interface TappedLayer {
  readonly kind: PlacedTap['kind']
  readonly weight: number
  readonly bias: number | null
  /** The network uses these times what is stored. */
  readonly weightFactor: number
  readonly biasFactor: number
  readonly window?: Window2d | undefined
}

/** A loss with what approximations of its curvature need to see of its layers. */
export interface TappedLoss {
  readonly loss: Loss
  /**
   * Inputs: parameters, running statistics, features, targets, weights `[b]`, and for each layer a value that is added
   * to its output. Outputs: L `[]`, running statistics after the step, the network's outputs `[b · answers, c]`, and
   * for each layer its input.
   */
  readonly program: Program
  readonly layout: Layout
  readonly buffers: Layout
  readonly layers: readonly TappedLayer[]
  /** Answers a sample has. */
  readonly answers: number
}

/**
 * The loss of a batch in mode `train` with its layers open.
 *
 * The derivative by a value added to a layer's output is that by the output itself, for each sample.
 *
 * @param options.batchSize - Samples of a batch, b.
 */
export function tappedLoss(options: {
  readonly model: Model
  readonly loss: Loss
  readonly batchSize: number
}): TappedLoss {
  const { model, loss, batchSize } = options
  const taps: { readonly tap: PlacedTap; readonly added: Tracer }[] = []
  let outputs: Tracer | null = null
  const program = lossProgram({
    loss,
    batchSize,
    mode: 'train',
    model: {
      ...model,
      apply: (scope, features) => {
        outputs = model.apply(scope, features)
        return outputs
      },
    },
    onTap: (tap) => {
      const added = tap.output.graph.input(tap.output.type)
      taps.push({ tap, added })
      return add(tap.output, added)
    },
  })
  // The callback has run by now; TypeScript does not see it.
  const traced = outputs as Tracer | null
  invariant(traced !== null, 'the network was not traced')
  return {
    loss,
    program: {
      ...program,
      inputs: [...program.inputs, ...taps.map(({ added }) => added.variable)],
      outputs: [...program.outputs, traced.variable, ...taps.map(({ tap }) => tap.input.variable)],
    },
    layout: model.layout,
    buffers: model.buffers,
    layers: taps.map(({ tap }) => placedLayer(model, tap)),
    answers: labelsPerSample(model.task.targets),
  }
}

function placedLayer(model: Model, { kind, weight, bias, factor, window }: PlacedTap): TappedLayer {
  const placeOf = (name: string): number =>
    model.declarations.findIndex((declaration) => declaration.name === name)
  const biasPlace = bias === null ? null : placeOf(bias)
  return {
    kind,
    weight: placeOf(weight),
    bias: biasPlace,
    weightFactor: factor,
    biasFactor: biasPlace === null ? 1 : model.declarations[biasPlace]!.rule.factor,
    window,
  }
}
