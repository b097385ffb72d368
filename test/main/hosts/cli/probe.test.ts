import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { testCli } from '../support/test-cli.ts'

describe('probe', () => {
  const networks = join(import.meta.dirname, '../../../reference/networks')
  const model = '{"kind":"mlp","widths":[64,32,10],"activation":"tanh"}'
  const files = [
    '--weights',
    `${networks}/tanh-ce.safetensors`,
    '--data',
    `${networks}/tanh-ce-data.npz`,
  ]

  it('measures a network that PyTorch made, and writes vectors and density', async () => {
    const { run, store } = testCli()
    const known = JSON.parse(readFileSync(join(networks, 'tanh-ce.json'), 'utf8'))
    const { code, stdout } = await run([
      ...['probe', '--model', model, ...files, '--loss', 'cross-entropy', '--json'],
      ...['--vector', join(networks, 'tanh-ce-vector.npy'), '--product', 'hv.npy'],
      ...['--gradient', 'g.npy', '--top', '2', '--bottom', '1', '--trace', 'probes=8'],
      ...['--density', 'probes=2,steps=10,out=d.json'],
    ])
    expect(code).toBe(0)
    const result = JSON.parse(stdout)
    expect(result.loss).toBeCloseTo(known.value, 5)
    expect(result.measurements.map(({ kind }: { kind: string }) => kind)).toEqual([
      'eigenpairs',
      'trace',
      'density',
    ])
    expect(result).not.toHaveProperty('gradient')
    const gradient = readFileSync(join(store, 'g.npy'))
    expect(gradient.readFloatLE(gradient.length - 4 * 2410)).toBeCloseTo(known.gradient[0], 6)
    expect(existsSync(join(store, 'hv.npy'))).toBe(true)
    expect(JSON.parse(readFileSync(join(store, 'd.json'), 'utf8')).kind).toBe('density')
  })

  it.each([
    ['weights of another width', model.replace('32', '31'), files, /layers\.0\.weight/],
    ['data of another width', model.replace('64', '63'), files, /\[32, 63\]/],
    ['a file that is not there', model, ['--weights', 'no.npz', ...files.slice(2)], /no\.npz/],
  ])('%s: exit 2, naming tensor or file', async (_, json, given, message) => {
    const { run } = testCli()
    const { code, stderr } = await run([
      ...['probe', '--model', json, ...given, '--loss', 'cross-entropy'],
    ])
    expect(stderr).toMatch(message)
    expect(code).toBe(2)
  })

  it('describes names, shapes and order', async () => {
    const { stdout } = await testCli().run(['probe', '--model', model, '--describe', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      parameterCount: 2410,
      parameters: [{ name: 'layers.0.weight', shape: [32, 64], offset: 0 }, {}, {}, {}],
    })
  })
  it('describes any architecture, its running statistics apart', async () => {
    const resnet = '{"kind":"resnet","input":[3,8,8],"outputs":4,"widthMultiplier":0.25}'
    const { code, stdout } = await testCli().run(['probe', '--model', resnet, '--describe'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^conv1\.weight +\[4, 3, 3, 3\] +0 +108$/m)
    const [parameters, statistics] = stdout.split('parameters in this order')
    expect(parameters).not.toContain('running_mean')
    expect(statistics).toMatch(/^bn1\.running_mean +\[4\]/m)
    expect(statistics).toMatch(/running statistics besides/)
  })

  it('a network that does not fit its input ends it with exit code 2, naming the key', async () => {
    const vectors = '{"kind":"cnn","input":[12],"outputs":4}'
    expect(await testCli().run(['probe', '--model', vectors, '--describe'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('model.kind cnn wants images'),
    })
    const wrong = '{"kind":"cnn","input":{"tokens":3},"outputs":4}'
    expect(await testCli().run(['probe', '--model', wrong, '--describe'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('input must be'),
    })
  })
})
