import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { createStream, FormatError, InputError, MissingFileError } from '#base'
import { loadLanguage, type LanguageData, type LanguageOptions } from '#learn/datasets'
import { parseTokenizer } from '../../../../src-main/learn/datasets/tokenize-json.ts'
import { splitLines, splitWords } from '../../../../src-main/learn/datasets/tokenize-words.ts'
import { fixtureBytes, fixturePath } from '../../../support/fixtures.ts'
import { contentsOf } from '../../../support/sample-contents.ts'

const kjv = join(import.meta.dirname, '../../../../resources/data/kjv-text')
const corpus = fixturePath('text')
const folder = mkdtempSync(join(tmpdir(), 'saddle-language-'))
afterAll(() => rmSync(folder, { recursive: true }))
const saveText = (name: string, text: string | Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const golden = (name: string) =>
  JSON.parse(readFileSync(fixturePath('text', name), 'utf8')) as Record<string, unknown>

const load = (path: string, options: Partial<LanguageOptions> = {}): Promise<LanguageData> =>
  loadLanguage(path, {
    task: 'language-model',
    vocabulary: 'bytes',
    context: 1,
    validationFraction: 0.2,
    stream: createStream(1, 'text'),
    ...options,
  })
/** All tokens but those of a last window that is not full, and the one behind each. */
const tokensOf = async ({ train }: Pick<LanguageData, 'train'>) => {
  const { features, targets } = await contentsOf(train)
  return { tokens: [...features], next: [...targets] }
}

describe('loadLanguage', () => {
  test('answers each byte with the next', async () => {
    const data = await load(saveText('bytes.txt', 'abcdefgh'), {
      context: 3,
      validationFraction: 0,
    })
    expect(data.train.features).toEqual({ kind: 'tokens', length: 3, vocabulary: 256 })
    expect(data.train.targets).toEqual({ kind: 'classes', count: 256, perSample: 3 })
    const { tokens, next } = await tokensOf(data)
    expect(Buffer.from(tokens).toString()).toBe('abcdef')
    expect(Buffer.from(next).toString()).toBe('bcdefg')
    expect([data.validation, data.validationBytesPerToken, data.bytesPerToken]).toEqual([
      null,
      null,
      1,
    ])
  })

  test('reads rows in any order, more than once', async () => {
    const { train } = await load(saveText('rows.txt', 'abcdefg'), {
      context: 2,
      validationFraction: 0,
    })
    const [features, targets] = [new Int32Array(6), new Int32Array(6)]
    await train.read(Uint32Array.of(2, 0, 2), features, targets)
    expect(Buffer.from(features).toString()).toBe('efabef')
    expect(Buffer.from(targets).toString()).toBe('fgbcfg')
  })

  test('splits words as Python does, with <eos> at line ends', async () => {
    const { vocabulary, ...data } = await load(corpus, { vocabulary: 'words' })
    const words = golden('words.json') as Record<'train' | 'valid', string[]>
    const { tokens, next } = await tokensOf(data)
    const spelled = [...tokens, next.at(-1)!].map((token) => vocabulary.spell(token))
    expect(spelled).toEqual(words.train)
    const valid = await tokensOf({ train: data.validation! })
    const known = new Set(words.train)
    expect([...valid.tokens, valid.next.at(-1)!].map((token) => vocabulary.spell(token))).toEqual(
      words.valid.map((word) => (known.has(word) ? word : '<unk>')),
    )
    expect(words.valid.some((word) => !known.has(word))).toBe(true)
    expect(data.bytesPerToken).toBeCloseTo(
      readFileSync(`${corpus}/corpus.train.txt`).length / words.train.length,
      12,
    )
  })

  test('numbers words by falling frequency after <unk>, and keeps as many as asked for', async () => {
    const path = saveText('frequency.txt', 'b a a\nc b a d\n')
    const all = await load(path, { vocabulary: 'words', validationFraction: 0 })
    const spell = ({ vocabulary }: LanguageData) =>
      Array.from({ length: vocabulary.size }, (_, token) => vocabulary.spell(token))
    expect(spell(all)).toEqual(['<unk>', 'a', 'b', '<eos>', 'c', 'd'])
    const options = { vocabulary: 'words', vocabularySize: 3, validationFraction: 0 } as const
    const few = await load(path, options)
    expect(spell(few)).toEqual(['<unk>', 'a', 'b'])
    expect((await tokensOf(few)).tokens).toEqual([2, 1, 1, 0, 0, 2, 1, 0])
  })

  test.each(['bpe', 'marked'])('tokenizes as the library that made %s.json', async (name) => {
    const tokenizer = fixturePath('text', `${name}.json`)
    const data = await load(corpus, { vocabulary: 'tokenizer', tokenizer })
    const ids = golden('tokens.json')[name] as Record<'train' | 'valid', number[]>
    const { tokens, next } = await tokensOf(data)
    expect([...tokens, next.at(-1)!]).toEqual(ids.train)
    const valid = await tokensOf({ train: data.validation! })
    expect([...valid.tokens, valid.next.at(-1)!]).toEqual(ids.valid)
    const { length } = readFileSync(`${corpus}/corpus.valid.txt`)
    expect(data.validationBytesPerToken).toBeCloseTo(length / ids.valid.length, 12)
  })

  test('reads gzipped text as the text itself', async () => {
    const text = readFileSync(`${corpus}/corpus.train.txt`)
    const path = saveText('corpus.txt.gz', gzipSync(text))
    const plain = await load(saveText('corpus.txt', text), { vocabulary: 'words' })
    expect(await tokensOf(await load(path, { vocabulary: 'words' }))).toEqual(await tokensOf(plain))
  })

  test('holds out the end of a text that comes alone', async () => {
    const path = saveText('alone.txt', 'abcdefghij')
    const { train, validation } = await load(path, { validationFraction: 0.3 })
    expect(Buffer.from((await contentsOf(train)).features).toString()).toBe('abcdef')
    expect(Buffer.from((await contentsOf(validation!)).targets).toString()).toBe('ij')
  })

  test.each([
    ['wiki.train.tokens', 'wiki.valid.tokens', 'wiki.test.tokens'],
    ['wiki.train.raw', 'wiki.valid.raw', 'wiki.test.raw'],
    ['ptb.train.txt', 'ptb.valid.txt', 'ptb.test.txt'],
    ['train.txt', 'val.txt', 'README.md'],
  ])('finds %s and %s', async (train, valid, other) => {
    const place = mkdtempSync(join(folder, 'parts-'))
    cpSync(`${corpus}/corpus.train.txt`, join(place, train))
    cpSync(`${corpus}/corpus.valid.txt`, join(place, valid))
    cpSync(`${corpus}/corpus.valid.txt`, join(place, other))
    const data = await load(place)
    expect(data.train.count).toBe(readFileSync(join(place, train)).length - 1)
    expect(data.validation!.count).toBe(readFileSync(join(place, valid)).length - 1)
  })

  test('refuses a folder without a training text, or with two', async () => {
    const place = mkdtempSync(join(folder, 'wrong-'))
    await expect(load(place)).rejects.toThrow('path must be a text file or a folder with one')
    writeFileSync(join(place, 'wiki.train.raw'), 'a')
    writeFileSync(join(place, 'wiki.train.tokens'), 'a')
    await expect(load(place)).rejects.toThrow('holds wiki.train.raw, wiki.train.tokens')
    await expect(load(join(place, 'absent'))).rejects.toThrow(MissingFileError)
  })

  test('draws windows for the next token without replacement, by the seed', async () => {
    const path = saveText('next.txt', 'abcdefghijklmnopqrstuvwxyz')
    const draw = (seed: number) =>
      load(path, {
        task: 'next-token',
        context: 2,
        samples: 24,
        validationFraction: 0,
        stream: createStream(seed, 'text'),
      })
    const { train } = await draw(1)
    const { features, targets, labels } = await contentsOf(train)
    const windows = Array.from({ length: 24 }, (_, i) =>
      Buffer.from([...features.subarray(2 * i, 2 * i + 2), targets[i]!]).toString(),
    )
    // All windows of three letters, each once.
    const all = Array.from({ length: 24 }, (_, i) => 'abcdefghijklmnopqrstuvwxyz'.slice(i, i + 3))
    expect(windows).not.toEqual(all)
    expect(windows.sort()).toEqual(all)
    expect(labels).toEqual(targets)
    expect(await contentsOf((await draw(1)).train)).toEqual(await contentsOf(train))
    expect((await contentsOf((await draw(2)).train)).features).not.toEqual(features)
  })

  test('draws as many windows of a language model as asked for, a share of them held out', async () => {
    const data = await load(kjv, { context: 64, samples: 100, validationFraction: 0.1 })
    expect([data.train.count, data.validation!.count]).toEqual([90, 10])
    expect((await contentsOf(data.train)).features.every((token) => token < 128)).toBe(true)
  })

  test('holds the shipped text', async () => {
    const bytes = await load(kjv, { context: 128 })
    const words = await load(kjv, { context: 128, vocabulary: 'words' })
    expect([bytes.vocabulary.size, bytes.train.count]).toEqual([256, 10190])
    expect(words.vocabulary.spell(1)).toMatch(/^(the|and|<eos>)$/)
    expect(words.bytesPerToken).toBeGreaterThan(4)
    expect(words.bytesPerToken).toBeLessThan(6)
  })

  test('refuses what the text does not have, naming the option', async () => {
    const path = saveText('short.txt', 'abcdef')
    const none = { validationFraction: 0 }
    await expect(load(path, { ...none, context: 6 })).rejects.toThrow(
      'context must be in 1…5 (the tokens of the train text less one), got 6',
    )
    await expect(load(path, { ...none, context: 0 })).rejects.toThrow('context must be an integer')
    const next = { ...none, task: 'next-token', context: 2 } as const
    await expect(load(path, { ...next, samples: 5 })).rejects.toThrow(
      'samples must be in 1…4 of the train text, got 5',
    )
    await expect(load(path, { ...next, context: 9, samples: 1 })).rejects.toThrow(
      'samples cannot be drawn of the train text, got 1',
    )
    await expect(load(saveText('empty.txt', ''), none)).rejects.toThrow('context must be')
    const words = { ...none, vocabulary: 'words' } as const
    await expect(load(path, { ...words, vocabularySize: 1 })).rejects.toThrow(
      'vocabularySize must be an integer of at least 2, got 1',
    )
    await expect(load(path, { ...none, vocabulary: 'tokenizer' })).rejects.toThrow(
      'tokenizer must be the path of a tokenizer.json',
    )
  })

  test('refuses words of what is not UTF-8, but takes its bytes', async () => {
    const path = saveText('latin.txt', Uint8Array.of(97, 0xe9, 10, 98))
    await expect(load(path, { vocabulary: 'words' })).rejects.toThrow(FormatError)
    const { vocabulary } = await load(path, { validationFraction: 0 })
    expect([97, 0xe9].map((byte) => vocabulary.spell(byte))).toEqual(['a', '0xE9'])
  })

  test('answers random files with samples or a typed error', async () => {
    const path = join(folder, 'random.txt')
    const option = fc.record({
      task: fc.constantFrom('language-model' as const, 'next-token' as const),
      vocabulary: fc.constantFrom('bytes' as const, 'words' as const),
      context: fc.integer({ min: 1, max: 9 }),
      samples: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
      validationFraction: fc.constantFrom(0, 0.2, 0.9),
    })
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .string({ unit: fc.constantFrom('a', 'é', ' ', '\n', '\u3000') })
        .map((s) => Buffer.from(s)),
      fc.uint8Array({ maxLength: 60 }).map((tail) => Uint8Array.of(0x1f, 0x8b, ...tail)),
    )
    await fc.assert(
      fc.asyncProperty(bytes, option, async (content, options) => {
        writeFileSync(path, content)
        try {
          const { train, vocabulary } = await load(path, options)
          const { features } = await contentsOf(train)
          expect(features.every((token) => token < vocabulary.size)).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(InputError)
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe.each([
  ['splitWords', splitWords],
  ['splitLines', splitLines],
])('%s', (name, split) => {
  const run = (pieces: readonly string[]) => {
    const found: string[] = []
    const splitter = split('text', (piece) => found.push(piece))
    for (const piece of pieces) splitter.write(piece)
    splitter.end()
    return found
  }

  test('does not care where the text is cut', () => {
    const piece = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\t', '\n', '\r') })
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        expect(run(pieces)).toEqual(run([pieces.join('')]))
      }),
    )
  })

  test('agrees with splitting by patterns', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\t', '\n', '\u2003') })
    fc.assert(
      fc.property(text, (whole) => {
        const lines = whole.match(/[^\n]*\n|[^\n]+$/g) ?? []
        const words = lines.flatMap((line) => [...(line.match(/\S+/g) ?? []), '<eos>'])
        expect(run([whole])).toEqual(name === 'splitWords' ? words : [...lines])
      }),
    )
  })

  test('refuses a piece without end', () => {
    const splitter = split('endless', () => undefined)
    const million = 'a'.repeat(2 ** 20)
    expect(() => {
      for (let i = 0; i < 20; i += 1) splitter.write(million)
    }).toThrow('endless: has a word or line of more than 16777216 characters')
  })
})

describe('parseTokenizer', () => {
  const source = fixtureBytes('text', 'marked.json')
  const use = (bytes: Uint8Array): void => {
    try {
      const { vocabulary, encode } = parseTokenizer(bytes, 'damaged.json')
      const ids = encode(' the surface falls 数 at <unk>.\n')
      expect(ids.every((id) => id >= 0 && id < vocabulary.size)).toBe(true)
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError)
      expect((error as Error).message).toContain('damaged.json')
    }
  }

  test('answers truncated and damaged files with tokens or a typed error', () => {
    const edit = fc.record({ at: fc.nat(source.length - 1), value: fc.nat(255) })
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), fc.nat(), (edits, cut) => {
        const bytes = Uint8Array.from(source)
        for (const { at, value } of edits) bytes[at] = value
        use(cut % 4 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes)
      }),
      { numRuns: 300 },
    )
  })

  test('answers any JSON with a typed error', () => {
    fc.assert(fc.property(fc.json(), (json) => use(new TextEncoder().encode(json))))
    for (const key of ['model', 'added_tokens', 'pre_tokenizer', 'normalizer']) {
      const json = { ...(golden('marked.json') as object), [key]: { type: 'Sequence', x: [1] } }
      use(new TextEncoder().encode(JSON.stringify(json)))
    }
  })

  test.each([
    { type: 'WordLevel', vocab: { ab: 0, b: 1 } },
    {
      type: 'Unigram',
      vocab: [
        ['ab', 0],
        ['b', -1],
      ],
      unk_id: null,
    },
  ])('refuses text that it has no tokens for ($type)', (model) => {
    const json = {
      version: '1.0',
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: null,
      post_processor: null,
      decoder: null,
      model,
    }
    const { encode } = parseTokenizer(new TextEncoder().encode(JSON.stringify(json)), 'ab.json')
    expect(encode('ab')).toEqual([0])
    expect(() => encode('abc')).toThrow('ab.json: has no token for part of "abc"')
  })
})
