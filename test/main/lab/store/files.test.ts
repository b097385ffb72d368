import { mkdirSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ApiError } from '#shared/errors'
import { pruneCheckpoints, readCheckpoint, writeCheckpoint, writeFileDurably } from '#lab/store'
import { fileError } from '../../../../src-main/lab/store/file-errors.ts'
import { codeOf, fillDisk, temporaryFolder, diskTest, tinyDisk } from './fixtures.ts'

const bytes = Uint8Array.from({ length: 50_000 }, (_, i) => (i * 31) % 251)

describe('writeFileDurably', () => {
  test('writes whole bytes, pieces and text, replaces, and leaves only the file', () => {
    const folder = temporaryFolder()
    const path = join(folder, 'a.bin')
    writeFileDurably(path, 'old')
    const record = writeFileDurably(path, [bytes.subarray(0, 7), bytes.subarray(7)])
    expect(readFileSync(path).equals(bytes)).toBe(true)
    expect(record).toEqual(writeFileDurably(join(folder, 'b.bin'), bytes))
    expect(record.sizeBytes).toBe(50_000)
    expect(writeFileDurably(join(folder, 'c.txt'), 'ü').sizeBytes).toBe(2)
    expect(readdirSync(folder).sort()).toEqual(['a.bin', 'b.bin', 'c.txt'])
  })

  diskTest('a full disk is a typed error, keeps the old file and leaves no temporary one', () => {
    const folder = tinyDisk(256)
    const path = join(folder, 'state.bin')
    writeFileDurably(path, 'old')
    fillDisk(folder, 20_000)
    expect(codeOf(() => writeFileDurably(path, bytes))).toBe('disk-full')
    expect(() => writeFileDurably(path, bytes)).toThrow(`no space left to write ${path}`)
    expect(readFileSync(path, 'utf8')).toBe('old')
    expect(readdirSync(folder).sort()).toEqual(['ballast', 'state.bin'])
  })

  test('any other failure is typed, names the path and leaves no temporary file', () => {
    const folder = temporaryFolder()
    expect(codeOf(() => writeFileDurably(join(folder, 'no', 'a.bin'), bytes))).toBe(
      'file-not-found',
    )
    const taken = join(folder, 'taken')
    mkdirSync(taken)
    expect(codeOf(() => writeFileDurably(taken, bytes))).toBe('internal')
    expect(readdirSync(folder)).toEqual(['taken'])
    const ioError = Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' })
    expect(fileError('write', '/a/b', ioError)).toMatchObject({
      code: 'internal',
      message: 'cannot write /a/b: EIO: i/o error, fsync',
      detail: { path: '/a/b', code: 'EIO' },
    })
  })
})

describe('checkpoints', () => {
  test('written then read is the identity', () => {
    const folder = temporaryFolder()
    for (const content of [bytes, new Uint8Array(0)]) {
      const notice = writeCheckpoint(folder, 40, content)
      expect(notice).toMatchObject({ step: 40, sizeBytes: content.length })
      expect(readCheckpoint(folder, notice)).toEqual(content)
      expect(readCheckpoint(folder, notice).byteOffset).toBe(0)
    }
  })

  test('a missing, truncated, longer or flipped file is a typed error that names it', () => {
    const folder = temporaryFolder()
    const notice = writeCheckpoint(folder, 40, bytes)
    const path = join(folder, notice.fileName)
    const problems: [change: () => void, code: string, message: string][] = [
      [() => truncateSync(path, 49_999), 'file-corrupt', 'expected 50000 bytes, found 49999'],
      [() => truncateSync(path, 0), 'file-corrupt', 'expected 50000 bytes, found 0'],
      [() => writeFileSync(path, [...bytes, 1].join()), 'file-corrupt', 'expected 50000 bytes'],
    ]
    for (const [change, code, message] of problems) {
      writeFileSync(path, bytes)
      change()
      expect(codeOf(() => readCheckpoint(folder, notice))).toBe(code)
      expect(() => readCheckpoint(folder, notice)).toThrow(`file is damaged: ${path}: ${message}`)
    }
    for (const bit of [0, 1, 7, 200_003, 399_999]) {
      const flipped = Uint8Array.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      writeFileSync(path, flipped)
      expect(() => readCheckpoint(folder, notice)).toThrow(
        `expected sha256 ${notice.sha256}, found`,
      )
      expect(codeOf(() => readCheckpoint(folder, notice))).toBe('file-corrupt')
    }
    const missing = { ...notice, fileName: 'checkpoint-none.bin' }
    expect(codeOf(() => readCheckpoint(folder, missing))).toBe('file-not-found')
  })

  test('pruning keeps what is named, what is newer and what is no checkpoint', () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'metrics.csv'), '')
    const at = (step: number, fill = step) =>
      writeCheckpoint(folder, step, new Uint8Array(8).fill(fill)).fileName
    const names = [at(10), at(20), at(30), at(40)]
    const underWay = [at(40, 99), at(50)]
    expect(pruneCheckpoints(folder, [names[2]!, names[3]!])).toEqual([names[0], names[1]])
    expect(readdirSync(folder).sort()).toEqual(
      [...names.slice(2), ...underWay, 'metrics.csv'].sort(),
    )
    expect(pruneCheckpoints(folder, [])).toEqual([])
    expect(() => pruneCheckpoints(join(folder, 'absent'), [])).toThrow(ApiError)
  })
})
