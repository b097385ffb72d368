import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import type { Runtime } from '#tensor/runtime'
import { createTensorflowRuntime } from '#tensor/tensorflow'

/** TensorFlow.js on its backend in plain JavaScript, without its advice to install the native one. */
export async function plainTensorflow(): Promise<{ tf: typeof tf; runtime: Runtime }> {
  tf.env().set('IS_TEST', true)
  await tf.setBackend('cpu')
  return { tf, runtime: createTensorflowRuntime(tf) }
}
