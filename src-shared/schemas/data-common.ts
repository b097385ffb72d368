import { z } from 'zod'

/** Share of the samples held out, drawn by the seed. */
export const validationFraction = z.number().min(0).max(0.9).default(0.2).meta({
  title: 'Validation fraction',
  description: 'Share of the samples held out, drawn by the seed.',
})

/** Samples of a data set. */
export const sampleCount = z.int().min(2).max(10_000_000)

/** A path of a file or folder on the machine that computes. */
export const path = (title: string, description: string) =>
  z.string().min(1).max(4_096).meta({ title, description })

/** Images as so many versions of themselves; the first is the image. */
export const augmentation = z
  .strictObject({
    copies: z.int().min(1).max(1_000).default(1).meta({
      title: 'Versions',
      description:
        'Of each training image, the first unchanged; the data set grows by this factor.',
    }),
    cropPadding: z.int().min(0).max(256).default(4).meta({
      title: 'Crop padding',
      description: 'Pixels added around before a crop of the old size is drawn.',
    }),
    flip: z.boolean().default(true).meta({ title: 'Mirror', description: 'Half of the versions.' }),
  })
  .meta({ title: 'Augmentation' })
