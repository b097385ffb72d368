import { z } from 'zod'

/** What evaluates programs. `tensorflow` needs one of its native packages. */
export const computeRuntimeSchema = z.enum(['onnx', 'tensorflow'])

/** Where it does so; `auto` measures what is there and takes the fastest. */
export const computeDeviceSchema = z.enum(['auto', 'cpu', 'webgpu', 'cuda', 'dml', 'coreml'])

/** How a run is to be computed: no part of the experiment, whose numbers agree on all devices to rounding. */
export const computeSchema = z.strictObject({
  runtime: computeRuntimeSchema.default('onnx'),
  device: computeDeviceSchema.default('auto'),
})

/** What is said of it; the rest stays as it is, or at the defaults. */
export const computeChangeSchema = z.strictObject({
  runtime: computeRuntimeSchema.optional(),
  device: computeDeviceSchema.optional(),
})

export type ComputeDevice = z.infer<typeof computeDeviceSchema>
export type ComputeRequest = z.infer<typeof computeSchema>
export type ComputeChange = z.infer<typeof computeChangeSchema>
