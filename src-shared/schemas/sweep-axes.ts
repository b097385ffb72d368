import { z } from 'zod'

/** Most specs that a sweep may expand to. */
const largestSweep = 1_000

/** A key of a spec by its place. */
const keyPath = z
  .string()
  .regex(/^(?!name$|seeds|sweep|version)[a-z]\w*(\[\d{1,4}\])*(\.[a-z]\w*(\[\d{1,4}\])*)*$/i, {
    error: 'must be a path of a key, e.g. model.hidden',
  })

/** Values that keys take in turn: `{"model.hidden": [[32], [64]]}` stands for two specs. */
export const sweepSchema = z
  .record(keyPath, z.array(z.unknown()).min(1).max(100))
  .default({})
  .refine(
    (axes) => Object.values(axes).reduce((count, { length }) => count * length, 1) <= largestSweep,
    { error: `must have ${String(largestSweep)} combinations or fewer` },
  )
  .meta({ title: 'Sweep', description: 'One run for each combination of values and each seed.' })
