import { HostTensor, type Runtime } from '#tensor/runtime'
import { loadNativeBackend, usesGpu, type TensorflowBackend } from './backend.ts'
import { createBlockAlgebra } from './block-algebra.ts'
import { createExecutable } from './executable.ts'
import { requireSupported } from './support.ts'

/**
 * A runtime on TensorFlow.js, in float32. It evaluates a program operator by operator; nothing is fused.
 *
 * @param tf - The module of one of its packages, with a backend set.
 * @param library - Name of that package.
 */
export function createTensorflowRuntime(
  tf: TensorflowBackend,
  library = '@tensorflow/tfjs-core',
): Runtime {
  const name = `${library} ${tf.version_core}`
  return {
    name,
    device: usesGpu(tf) ? 'cuda' : 'cpu',
    compile: (program) =>
      new Promise((resolve) => {
        requireSupported(program, name)
        resolve(createExecutable(tf, program))
      }),
    sharesHostMemory: true,
    upload: (data, type) => Promise.resolve(new HostTensor(data, type)),
    createBlockAlgebra: (size) => Promise.resolve(createBlockAlgebra(tf, size)),
  }
}

/**
 * The runtime of the native TensorFlow package that is installed: `@tensorflow/tfjs-node-gpu`, else
 * `@tensorflow/tfjs-node`. Nothing of it is loaded before this is called.
 *
 * @param from - URL of the module in whose place the packages are looked for.
 * @returns null if neither is installed.
 * @throws InputError if a package is there but cannot be loaded.
 */
export async function loadTensorflow(from: string = import.meta.url): Promise<Runtime | null> {
  const native = loadNativeBackend(from)
  if (native === null) return null
  await native.tf.ready()
  return createTensorflowRuntime(native.tf, native.library)
}
