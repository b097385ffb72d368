import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Lab } from '#lab/api'
import { createClient, memoryChannelPair, serveChannel, type RpcClient } from '#shared/rpc'
import type { CliContext } from './context.ts'
import { UsageError } from './io.ts'

/** A way to an engine: a running one, or one inside this process. */
export interface Connection {
  readonly client: RpcClient
  readArtifact(id: string): Promise<Uint8Array>
  close(): Promise<void>
}

/**
 * Attaches to the running engine of a store, or opens the store in this process.
 *
 * @param mode - What an engine of our own may start; see `openLab`. `look` makes no store.
 * @throws UsageError if there is no store to look at.
 */
export async function connect(
  { services, logger }: CliContext,
  storeFolder: string,
  mode: 'work-new' | 'look',
): Promise<Connection> {
  const found = await services.findEngine(storeFolder)
  if (found !== null) {
    const { client } = found
    return {
      client,
      readArtifact: (id) => found.readArtifact(id),
      async close() {
        client.close()
        await client.closed
      },
    }
  }
  if (mode === 'look' && !existsSync(storeFolder)) {
    throw new UsageError(`there is no store at ${storeFolder}; the first "saddle run" makes it`)
  }
  const lab = await services.openLab(storeFolder, mode, logger)
  return { ...localConnection(lab), close: () => lab.dispose() }
}

function localConnection(lab: Lab): Omit<Connection, 'close'> {
  const [near, far] = memoryChannelPair()
  serveChannel(far, lab)
  return {
    client: createClient(near),
    readArtifact: (id) => readFile(lab.findArtifact(id).path),
  }
}

/** Works with an engine and leaves it afterwards, however the work ends. */
export async function withEngine<T>(
  context: CliContext,
  storeFolder: string,
  mode: 'work-new' | 'look',
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connect(context, storeFolder, mode)
  try {
    return await work(connection)
  } finally {
    await connection.close()
  }
}
