/** Bytes of a process that has loaded the engine and done nothing yet. */
export const engineBytes = 150e6

/** Bytes as a person reads them: `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = bytes < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]!}`
}

/** Bytes this process may still take: what the machine has free, or its control group's limit leaves. */
export const availableMemory = (): number => process.availableMemory()
