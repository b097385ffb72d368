/** A file name without anything that a file system or a shell takes for more than a name. */
export const safeFileName = (text: string): string =>
  text
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 80) || 'figure'

/** Saves what is at an address under a name. */
export function downloadUrl(url: string, fileName: string): void {
  const link = document.createElement('a')
  link.href = url
  link.download = fileName
  document.body.append(link)
  link.click()
  link.remove()
}

/** Saves data under a name. */
export function downloadBlob(blob: Blob, fileName: string): void {
  const url = URL.createObjectURL(blob)
  downloadUrl(url, fileName)
  // The download has taken the data by the time a minute has passed.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
