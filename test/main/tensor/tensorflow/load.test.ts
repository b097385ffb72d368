import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { add, traceProgram } from '#tensor/program'
import { loadTensorflow } from '#tensor/tensorflow'
import { float32 } from '../../../support/programs.ts'
import { plainTensorflow } from '../../../support/tensorflow.ts'

const { resolve } = createRequire(import.meta.url)

let folder: string
let from: string

beforeEach(async () => {
  await plainTensorflow()
  folder = await mkdtemp(join(tmpdir(), 'saddle-tensorflow-'))
  from = pathToFileURL(join(folder, 'main.js')).href
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

/** Installs a package of a native one's name, made of TensorFlow.js in plain JavaScript. */
async function install(name: string, before = ''): Promise<void> {
  const place = join(folder, 'node_modules', name)
  await mkdir(place, { recursive: true })
  await writeFile(
    join(place, 'index.js'),
    `${before}\nmodule.exports = require(${JSON.stringify(resolve('@tensorflow/tfjs-core'))})`,
  )
}

describe('loadTensorflow', () => {
  test('gives null where neither native package is installed', async () => {
    expect(await loadTensorflow(from)).toBeNull()
  })

  test('loads the package that is installed, and it computes', async () => {
    await install('@tensorflow/tfjs-node')
    const runtime = await loadTensorflow(from)
    expect(runtime).toMatchObject({ name: '@tensorflow/tfjs-node 4.22.0', device: 'cpu' })
    const program = traceProgram('twice', [float32([2])], ([x]) => [add(x!, x!)])
    const executable = await runtime!.compile(program)
    const [result] = await executable.run([Float32Array.of(1, 2)])
    expect([...result!]).toEqual([2, 4])
  })

  test('prefers the one with CUDA', async () => {
    await install('@tensorflow/tfjs-node')
    await install('@tensorflow/tfjs-node-gpu')
    expect((await loadTensorflow(from))!.name).toBe('@tensorflow/tfjs-node-gpu 4.22.0')
  })

  test('gives util back the functions that the native packages call', async () => {
    await install(
      '@tensorflow/tfjs-node',
      `const util = require('util')
       const given = [util.isNullOrUndefined(null), util.isNullOrUndefined(0), util.isArray([]), util.isArray({})]
       if (String(given) !== 'true,false,true,false') throw new Error('wrong: ' + given)`,
    )
    expect(await loadTensorflow(from)).not.toBeNull()
  })

  test('says so where a package is installed but does not load', async () => {
    await install('@tensorflow/tfjs-node-gpu', `throw new Error('no libcudart.so.11.0')`)
    await expect(loadTensorflow(from)).rejects.toThrow(
      '@tensorflow/tfjs-node-gpu is installed but cannot be loaded: no libcudart.so.11.0',
    )
  })
})
