import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { FormatError, InputError } from '#base'
import { listFolder } from './file-bundle.ts'
import { imageEnding, type ImageOptions } from './image-decode.ts'
import { imageSamples } from './image-samples.ts'
import { readBytes, readFailure } from './read-file.ts'
import type { Samples } from './samples.ts'

/** Pictures of a data set in files, in one part or two. */
export interface ImageParts {
  readonly train: Samples
  /** Null if there is one part only. */
  readonly validation: Samples | null
  readonly classNames: readonly string[] | null
}

/** Largest file of one picture. */
export const largestImageBytes = 2 ** 27

/** Folders that may lie in one another. */
const deepest = 32

/** By code point, as Python sorts. */
const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** The folders and the pictures in a folder, each sorted; links are followed. */
async function scanFolder(path: string): Promise<{ folders: string[]; images: string[] }> {
  const folders: string[] = []
  const images: string[] = []
  try {
    for (const entry of await fs.readdir(path, { withFileTypes: true })) {
      const isLink = entry.isSymbolicLink()
      const isFolder = isLink
        ? (await fs.stat(join(path, entry.name))).isDirectory()
        : entry.isDirectory()
      if (isFolder) folders.push(entry.name)
      else if (imageEnding.test(entry.name)) images.push(entry.name)
    }
  } catch (error) {
    throw readFailure(path, error)
  }
  return { folders: folders.sort(byCodePoint), images: images.sort(byCodePoint) }
}

/** Pictures below a folder, relative to it: folder by folder in the order of their paths. */
async function imagesBelow(root: string): Promise<string[]> {
  const found = new Map<string, string[]>()
  const visit = async (folder: string, depth: number): Promise<void> => {
    if (depth > deepest) throw new FormatError(root, `folders lie more than ${deepest} deep`)
    const { folders, images } = await scanFolder(join(root, folder))
    found.set(folder, images)
    for (const name of folders) await visit(join(folder, name), depth + 1)
  }
  await visit('', 0)
  return [...found.keys()]
    .sort(byCodePoint)
    .flatMap((folder) => found.get(folder)!.map((name) => join(folder, name)))
}

/** The pictures of a folder of classes: `files[i]` is relative to the class's folder. */
interface FolderIndex {
  readonly root: string
  readonly files: readonly string[]
  readonly labels: Int32Array
}

/** Classes that have no folder here are left out. */
async function indexFolder(root: string, classNames: readonly string[]): Promise<FolderIndex> {
  const files: string[] = []
  const labels: number[] = []
  const present = new Set((await scanFolder(root)).folders)
  for (const [label, name] of classNames.entries()) {
    if (!present.has(name)) continue
    for (const file of await imagesBelow(join(root, name))) {
      files.push(file)
      labels.push(label)
    }
  }
  return { root, files, labels: Int32Array.from(labels) }
}

function samplesOf(
  { root, files, labels }: FolderIndex,
  classNames: readonly string[],
  image: ImageOptions,
): Promise<Samples> {
  const pathOf = (row: number): string => join(root, classNames[labels[row]!]!, files[row]!)
  const store = {
    fetch: (row: number) => readBytes(pathOf(row), largestImageBytes),
    refuse: (row: number, problem: string) => new FormatError(pathOf(row), problem),
  }
  return imageSamples({
    store,
    labels,
    classCount: classNames.length,
    image,
  })
}

/** Refuses classes without a picture, as torchvision does. */
function checkClasses({ root, labels }: FolderIndex, classNames: readonly string[]): void {
  if (classNames.length < 2) {
    throw new FormatError(
      root,
      `must hold two folders of classes or more, has ${classNames.length}`,
    )
  }
  const present = new Set(labels)
  const empty = classNames.find((_, label) => !present.has(label))
  if (empty !== undefined) throw new FormatError(join(root, empty), 'holds no JPEG, PNG or WebP')
}

/**
 * Pictures in folders of classes: `train/CLASS/…` and `val/CLASS/…` (or `validation`), or `CLASS/…` alone.
 * Classes and files are numbered as torchvision's ImageFolder does, by code point; pictures are decoded
 * when they are read, a few at a time.
 *
 * Memory: names and labels of all files, and the pictures being decoded.
 *
 * @param path - The folder around them.
 * @returns Features `[3, size, size]`; `validation` is null if there is no such folder.
 * @throws MissingFileError if there is nothing at `path`.
 * @throws FormatError if there are no two classes, or one without a picture. Reading throws it with the
 *   file's path, if a picture is truncated, corrupt or none.
 * @throws InputError if an option is out of range, or validation has a class that training has not.
 */
export async function openImageFolder(path: string, image: ImageOptions): Promise<ImageParts> {
  if ((await listFolder(path)) === null) throw new FormatError(path, 'not a folder')
  const { folders } = await scanFolder(path)
  const isSplit = folders.includes('train')
  const root = isSplit ? join(path, 'train') : path
  const classNames = isSplit ? (await scanFolder(root)).folders : folders
  const train = await indexFolder(root, classNames)
  checkClasses(train, classNames)
  const held = ['val', 'validation'].find((name) => isSplit && folders.includes(name))
  let validation: Samples | null = null
  if (held !== undefined) {
    const present = (await scanFolder(join(path, held))).folders
    const unknown = present.find((name) => !classNames.includes(name))
    if (unknown !== undefined) {
      throw new InputError(
        path,
        `${join(path, held, unknown)} has no class of that name in ${root}`,
      )
    }
    const index = await indexFolder(join(path, held), classNames)
    if (index.labels.length === 0) throw new FormatError(index.root, 'holds no JPEG, PNG or WebP')
    validation = await samplesOf(index, classNames, image)
  }
  return { train: await samplesOf(train, classNames, image), validation, classNames }
}
