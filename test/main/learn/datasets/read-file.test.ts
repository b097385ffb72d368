import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { FormatError, MissingFileError } from '#base'
import { loadArray, loadArrays, readBytes, readInflated } from '#learn/datasets'
import { fixturePath } from '../../../support/fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'saddle-read-'))
afterAll(() => rmSync(folder, { recursive: true }))
const save = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}
const text = new TextEncoder().encode('saddle '.repeat(100))

describe('readBytes', () => {
  test('reads a file whole, an empty one too', async () => {
    expect(await readBytes(save('plain', text))).toEqual(text)
    expect(await readBytes(save('empty', new Uint8Array(0)))).toEqual(new Uint8Array(0))
  })

  test('says that a file is missing, also below another file', async () => {
    const path = save('there', text)
    await expect(readBytes(join(folder, 'none'))).rejects.toThrow(MissingFileError)
    await expect(readBytes(join(path, 'none'))).rejects.toThrow(`file not found: ${path}`)
  })

  test('refuses folders, devices and large files', async () => {
    mkdirSync(join(folder, 'sub'))
    await expect(readBytes(join(folder, 'sub'))).rejects.toThrow('not a regular file')
    await expect(readBytes('/dev/null')).rejects.toThrow('not a regular file')
    await expect(readBytes(save('large', text), 699)).rejects.toThrow(
      'must have at most 699 bytes, has 700',
    )
  })
})

describe('readInflated', () => {
  test('inflates what is gzipped, whatever its name, and leaves the rest alone', async () => {
    expect(new Uint8Array(await readInflated(save('a.csv', gzipSync(text))))).toEqual(text)
    expect(await readInflated(save('b.csv.gz', text))).toEqual(text)
  })

  test('stops at the limit', async () => {
    const path = save('bomb.gz', gzipSync(new Uint8Array(1e7)))
    await expect(readInflated(path, 1e6)).rejects.toThrow('must inflate to at most 1000000 bytes')
  })

  test('refuses a stream that is cut or damaged', async () => {
    const bytes = gzipSync(text)
    await expect(readInflated(save('cut.gz', bytes.subarray(0, 20)))).rejects.toThrow(
      /cut\.gz: broken gzip stream/,
    )
    bytes[bytes.length - 5]! ^= 1
    await expect(readInflated(save('crc.gz', bytes))).rejects.toThrow(FormatError)
  })
})

describe('loadArrays', () => {
  test('reads weights alike from both formats', async () => {
    const fromZip = await loadArrays(fixturePath('networks', 'gelu-ce.npz'))
    const fromTensors = await loadArrays(fixturePath('networks', 'gelu-ce.safetensors'))
    expect([...fromZip.keys()]).toEqual(
      [0, 1, 2].flatMap((i) => [`layers.${i}.weight`, `layers.${i}.bias`]),
    )
    for (const [name, array] of fromZip) expect(fromTensors.get(name)).toEqual(array)
    const vector = await loadArray(fixturePath('networks', 'gelu-ce-vector.npy'))
    expect(vector).toMatchObject({ dtype: 'float32', shape: [387] })
  })

  test('refuses other endings', async () => {
    await expect(loadArrays('weights.pt')).rejects.toThrow(
      'weights.pt must end in .npz or .safetensors',
    )
  })
})
