import { stat } from 'node:fs/promises'

/** What lies at a path that a person named; it need not belong to the store. */
interface FoundAtPath {
  readonly kind: 'file' | 'folder'
  readonly sizeBytes: number
}

/** What lies at a path; null if nothing that may be looked at does. */
export async function lookAt(path: string): Promise<FoundAtPath | null> {
  try {
    const found = await stat(path)
    return { kind: found.isDirectory() ? 'folder' : 'file', sizeBytes: found.size }
  } catch {
    return null
  }
}
