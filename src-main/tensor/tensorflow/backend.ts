import { createRequire } from 'node:module'
import util from 'node:util'
import type * as tfjs from '@tensorflow/tfjs-core'
import { InputError } from '#base'

/** A tensor of TensorFlow.js; holds memory of its backend until disposed. */
export type Tensor = tfjs.Tensor

/** All that this project asks of TensorFlow.js; the module of any of its packages has it. */
export type TensorflowBackend = Pick<
  typeof tfjs,
  | 'abs'
  | 'add'
  | 'argMax'
  | 'backend'
  | 'broadcastTo'
  | 'cast'
  | 'clone'
  | 'concat'
  | 'cos'
  | 'div'
  | 'equal'
  | 'erf'
  | 'exp'
  | 'fill'
  | 'gather'
  | 'greater'
  | 'log'
  | 'logSumExp'
  | 'matMul'
  | 'max'
  | 'maximum'
  | 'minimum'
  | 'moments'
  | 'mul'
  | 'neg'
  | 'pad'
  | 'pow'
  | 'range'
  | 'ready'
  | 'relu'
  | 'reshape'
  | 'reverse'
  | 'rsqrt'
  | 'scalar'
  | 'scatterND'
  | 'sigmoid'
  | 'sign'
  | 'sin'
  | 'slice'
  | 'softmax'
  | 'softplus'
  | 'sqrt'
  | 'square'
  | 'stack'
  | 'stridedSlice'
  | 'sub'
  | 'sum'
  | 'tanh'
  | 'tensor'
  | 'tidy'
  | 'transpose'
  | 'version_core'
  | 'where'
  | 'zerosLike'
>

/** Native packages of TensorFlow.js, the one to be preferred first. Neither is installed by default. */
const packages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const

/**
 * Gives `node:util` the two functions of old that tfjs-node 4.22 calls: Node 23 took `isNullOrUndefined` away, and
 * `isArray` warns.
 */
function restoreUtilFunctions(): void {
  Object.assign(util, {
    isArray: Array.isArray,
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  })
}

/**
 * Loads the native TensorFlow package that is installed.
 *
 * @param from - URL of the module in whose place the packages are looked for.
 * @returns The module and the name of its package; null if none is installed.
 * @throws InputError if a package is there but cannot be loaded.
 */
export function loadNativeBackend(
  from: string,
): { readonly tf: TensorflowBackend; readonly library: string } | null {
  const require = createRequire(from)
  const isInstalled = (name: string): boolean => {
    try {
      require.resolve(name)
      return true
    } catch {
      return false
    }
  }
  const library = packages.find(isInstalled)
  if (library === undefined) return null
  restoreUtilFunctions()
  try {
    return { tf: require(library) as TensorflowBackend, library }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new InputError(library, `${library} is installed but cannot be loaded: ${reason}`, {
      cause,
    })
  }
}

/** Whether a backend computes on a CUDA device. */
export function usesGpu(tf: TensorflowBackend): boolean {
  const backend: object = tf.backend()
  return 'isUsingGpuDevice' in backend && backend.isUsingGpuDevice === true
}
