import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openTestLab, temporaryFolder } from '../../hosts/support/test-lab.ts'

const create = async (spec: unknown) =>
  openTestLab({ mode: 'look' }).handlers['runs.create']({ spec })

describe('files that a spec names', () => {
  const absent = join(temporaryPath(), 'absent')
  it.each([
    ['data.path', { data: { kind: 'cifar', path: absent } }, 'folder or file'],
    ['data.path', { data: { kind: 'image-folder', path: absent } }, 'folder'],
    ['data.path', { data: { kind: 'webdataset', path: absent } }, 'folder or file'],
    ['data.path', { data: { kind: 'idx', path: absent } }, 'folder'],
    ['data.path', { data: { kind: 'text', path: absent } }, 'folder or file'],
    ['data.tokenizer', { data: { kind: 'text', tokenizer: absent } }, 'file'],
    ['data.path', { data: { kind: 'file', path: `${absent}.csv` } }, 'file'],
    ['model.weights', { model: { weights: `${absent}.npz` } }, 'file'],
  ])('%s of %j must be there', async (key, spec, wanted) => {
    await expect(create(spec)).rejects.toMatchObject({
      code: 'file-not-found',
      message: expect.stringMatching(`${key}: ${wanted} not found: ${absent}`),
      detail: { problems: [{ path: key }] },
    })
  })

  it.each([
    ['data.path', { data: { kind: 'file', path: 'x.csv' } }],
    ['data.path', { data: { kind: 'cifar', path: './x' } }],
    ['data.tokenizer', { data: { kind: 'text', tokenizer: 'x' } }],
    ['model.weights', { model: { weights: 'x' } }],
  ])('a relative %s is refused: nobody knows relative to what', async (key, spec) => {
    await expect(create(spec)).rejects.toMatchObject({
      code: 'invalid-spec',
      message: expect.stringMatching(`^${key} must be an absolute path, got "`),
      detail: { problems: [{ path: key }] },
    })
  })

  it('a file where a folder belongs is refused, and a folder where a file does', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'x.csv')
    writeFileSync(file, '1,0\n')
    const idx = create({ data: { kind: 'idx', path: file } })
    await expect(idx).rejects.toThrow(`data.path: ${file} is a file, not a folder`)
    mkdirSync(join(folder, 'y.csv'))
    const table = create({ data: { kind: 'file', path: join(folder, 'y.csv') } })
    await expect(table).rejects.toThrow('y.csv is a folder, not a file')
    expect((await create({ data: { kind: 'file', path: file } })).runs).toHaveLength(1)
  })

  it('an ending that nobody reads is refused', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'x.pt'), '')
    const model = { weights: join(folder, 'x.pt') }
    await expect(create({ model })).rejects.toThrow(
      `model.weights must end in .npz or .safetensors, got ${model.weights}`,
    )
    const data = { kind: 'file', path: model.weights }
    await expect(create({ data })).rejects.toThrow(/^data\.path must end in \.npz/)
  })

  it('a file above 64 MiB is not read before its run', async () => {
    const path = join(temporaryFolder(), 'x.csv')
    writeFileSync(path, 'a,b\nc,d\n')
    const spec = { data: { kind: 'file', path } }
    await expect(create(spec)).rejects.toThrow(/^data\.path: /)
    truncateSync(path, 64 * 2 ** 20 + 1) // sparse
    expect((await create(spec)).runs).toHaveLength(1)
  })
})

/** A path below which nothing is. */
function temporaryPath(): string {
  return join(import.meta.dirname, 'nowhere')
}
