import fc from 'fast-check'
import { pack } from 'tar-stream'
import { describe, expect, test } from 'vitest'
import { FormatError } from '#base'
import { memorySource, sourceCursor, streamCursor, tarMembers } from '#learn/datasets'
import { fixtureBytes } from '../../../support/fixtures.ts'

const train = new Uint8Array(fixtureBytes('datasets', 'shard-train-000.tar'))
const val = new Uint8Array(fixtureBytes('datasets', 'shard-val-000.tar'))

async function* piecewise(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length)
    yield await Promise.resolve(bytes.subarray(at, at + length))
}

async function list(bytes: Uint8Array, isRead: boolean, piece = 0) {
  const cursor =
    piece > 0 ? streamCursor(piecewise(bytes, piece)) : sourceCursor(memorySource(bytes, 't.tar'))
  const found: { name: string; offset: number; size: number; bytes: Uint8Array | null }[] = []
  for await (const member of tarMembers(cursor, 't.tar')) {
    const content = isRead ? new Uint8Array(await member.read()) : null
    found.push({ name: member.name, offset: member.offset, size: member.size, bytes: content })
  }
  return found
}

async function packed(files: readonly (readonly [string, Uint8Array])[]): Promise<Uint8Array> {
  const archive = pack()
  for (const [name, bytes] of files) archive.entry({ name }, Buffer.from(bytes))
  archive.finalize()
  const chunks: Uint8Array[] = []
  for await (const chunk of archive) chunks.push(chunk as Uint8Array)
  return new Uint8Array(Buffer.concat(chunks))
}

describe('tarMembers', () => {
  test.each([
    ['pax', train, 8],
    ['GNU', val, 4],
  ])('lists what Python wrote in the %s form, with long names', async (_, bytes, count) => {
    const members = await list(bytes, true)
    expect(members).toHaveLength(count)
    expect(members[0]!.name).toMatch(/^(long-folder\/){12}sample0000\.(cls|jpg)$/)
    for (const { offset, size, bytes: content } of members) {
      expect(content).toEqual(bytes.slice(offset, offset + size))
    }
  })

  test('gives the same of a stream in pieces of any size', async () => {
    const wanted = await list(train, true)
    for (const piece of [1, 7, 512, 5000]) expect(await list(train, true, piece)).toEqual(wanted)
    const unread = (await list(train, false, 100)).map(({ offset }) => offset)
    expect(unread).toEqual(wanted.map(({ offset }) => offset))
  })

  test('undoes what another library packs', async () => {
    const file = fc.tuple(
      fc.string({ unit: fc.constantFrom('a', 'b', 'ä', '/', '-'), minLength: 1, maxLength: 260 }),
      fc.uint8Array({ maxLength: 1500 }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(file, { maxLength: 5 }), async (files) => {
        // A name that ends in a slash is a folder to everybody.
        const named = files.map(([name, bytes]) => [`${name}.x`, bytes] as const)
        const members = await list(await packed(named), true)
        expect(members.map(({ name, bytes }) => [name, bytes])).toEqual(named)
      }),
      { numRuns: 60 },
    )
  })

  test.each([
    ['a header cut off', (b: Uint8Array) => b.subarray(0, 300), /no end block \(at byte 300\)/],
    ['a member cut off', (b: Uint8Array) => b.subarray(0, 1030), /truncated/],
    ['a wrong checksum', (b: Uint8Array) => b.with(3, 1), /wrong checksum \(at byte 0\)/],
    ['no archive', () => new Uint8Array(600).fill(65), /wrong checksum/],
    ['nothing', () => new Uint8Array(0), /no end block \(at byte 0\)/],
  ])('refuses %s', async (_, damage, problem) => {
    await expect(list(damage(val), true)).rejects.toThrow(FormatError)
    await expect(list(damage(val), true)).rejects.toThrow(problem)
  })

  test('answers damaged bytes with members or a typed error', async () => {
    const attempt = async (bytes: Uint8Array) => {
      const error: unknown = await list(bytes, true).catch((thrown: unknown) => thrown)
      if (error instanceof Error) expect(error).toBeInstanceOf(FormatError)
    }
    for (let length = 0; length < train.length; length += 61)
      await attempt(train.subarray(0, length))
    const edits = fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(train, val), edits, async (source, changes) => {
        const damaged = source.slice()
        for (const [at, value] of changes) damaged[at] = value
        // The checksum is mended, so that the damage is read.
        for (let at = 0; at + 512 <= 4096; at += 512) {
          const header = damaged.subarray(at, at + 512)
          if (Buffer.from(header.subarray(257, 262)).toString() !== 'ustar') continue
          header.fill(0x20, 148, 156)
          const sum = header.reduce((total, byte) => total + byte, 0)
          header.set(new TextEncoder().encode(sum.toString(8).padStart(6, '0') + '\0 '), 148)
        }
        await attempt(damaged)
      }),
      { numRuns: 1500 },
    )
  })
})
