import { z } from 'zod'
import { optimizerSchema } from './optimizer.ts'
import { scheduleSchema } from './schedule.ts'

const steps = z.int().min(1).max(1_000_000_000)

/** Loss functions; always the mean over samples. Squared error is ½‖f − y‖² per sample. */
export const lossSchema = z.enum(['cross-entropy', 'squared-error'])

/** What ends training before its epochs are over; any one of them does. */
export const stopSchema = z
  .strictObject({
    maxSteps: steps.optional().meta({ title: 'Steps', description: 'At most this many.' }),
    maxSeconds: z.number().positive().optional().meta({
      title: 'Seconds',
      description: 'Of training; such a run can’t be repeated bit by bit.',
    }),
    targetLoss: z.number().optional().meta({
      title: 'Target loss',
      description: 'Ends when the evaluated training loss is at or below it.',
    }),
    patience: z.int().min(1).max(1_000_000).optional().meta({
      title: 'Patience',
      description:
        'Evaluations in a row without a new best validation loss (training loss where nothing is held out).',
    }),
    divergence: z.number().gt(1).optional().meta({
      title: 'Divergence',
      description:
        'Ends when the evaluated training loss is this many times the first one, or a step’s is not finite.',
    }),
  })
  .meta({ title: 'Stop early', advanced: true })

/** When the weights are kept for good, besides at the end. */
export const snapshotSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('none') }).meta({ title: 'Only the last' }),
    z
      .strictObject({
        kind: z.literal('linear'),
        everySteps: steps.default(100).meta({ title: 'Every', description: 'Steps.' }),
      })
      .meta({ title: 'Evenly spaced' }),
    z
      .strictObject({
        kind: z.literal('log'),
        perDecade: z.int().min(1).max(100).default(4).meta({
          title: 'A decade',
          description: 'Kept at the steps nearest to 10^(k/n), and before the first.',
        }),
      })
      .meta({ title: 'Logarithmically spaced' }),
    z.strictObject({ kind: z.literal('best') }).meta({
      title: 'At each best',
      description: 'Whenever the validation loss (or training loss) is the lowest so far.',
    }),
  ])
  .meta({ title: 'Snapshots', advanced: true })

/** How an experiment's network is trained. */
export const trainSchema = z
  .strictObject({
    loss: lossSchema.default('cross-entropy').meta({ title: 'Loss' }),
    optimizer: optimizerSchema.prefault({ kind: 'adam' }),
    schedule: scheduleSchema.prefault({ kind: 'constant' }),
    averageDecay: z.number().min(0).lt(1).default(0).meta({
      title: 'Weight averaging',
      advanced: true,
      description:
        'Decay of a running mean of the weights, which is then what is evaluated, measured and saved; 0 for none.',
    }),
    batchSize: z.int().min(1).max(1_000_000).default(64).meta({ title: 'Batch size' }),
    epochs: z.int().min(0).max(1_000_000).default(40).meta({ title: 'Epochs' }),
    stop: stopSchema.prefault({}),
    evaluateEverySteps: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(25)
      .meta({ title: 'Evaluate every', description: 'Steps between two rows of metrics.' }),
    evaluationSamples: z.int().min(1).max(10_000_000).default(10_000).meta({
      title: 'Evaluate on',
      advanced: true,
      description: 'At most this many samples of each split, drawn by the seed.',
    }),
    checkpointEverySteps: z.int().min(1).max(1_000_000).default(200).meta({
      title: 'Checkpoint every',
      advanced: true,
      description: 'Steps between two checkpoints.',
    }),
    snapshots: snapshotSchema.prefault({ kind: 'none' }),
  })
  .meta({ title: 'Training' })

export type LossKind = z.infer<typeof lossSchema>
export type StopSpec = z.infer<typeof stopSchema>
export type SnapshotSpec = z.infer<typeof snapshotSchema>
export type TrainSpec = z.infer<typeof trainSchema>
