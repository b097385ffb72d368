import { createReadStream } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Lab } from '#lab/api'
import { headersOf } from './responses.ts'

const isId = /^[0-9a-z-]{1,64}$/

/** Sends a registered file as a download, found by its id alone. @throws ApiError `artifact-not-found`. */
export async function sendArtifact(response: ServerResponse, lab: Lab, id: string): Promise<void> {
  const { artifact, path } = lab.findArtifact(isId.test(id) ? id : '')
  const isReport = artifact.kind === 'report'
  const headers = headersOf({
    status: 200,
    type: isReport ? 'text/html; charset=utf-8' : 'application/octet-stream',
    headers: {
      // Whatever the file holds, it runs nothing and is of no origin.
      'Content-Security-Policy':
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
      'Content-Disposition': `attachment; filename="${safeName(artifact.fileName)}"`,
      'Content-Length': String(artifact.sizeBytes),
    },
  })
  const file = createReadStream(path)
  await new Promise<void>((resolve, reject) => {
    file.once('open', () => {
      resolve()
    })
    file.once('error', reject)
  })
  response.writeHead(200, headers)
  if (response.req.method === 'HEAD') {
    file.destroy()
    response.end()
    return
  }
  try {
    await pipeline(file, response)
  } catch {
    response.destroy() // the headers are out: a cut connection is the only way to say it
  }
}

/** A name without anything that a header or a file system reads as more than a name. */
const safeName = (name: string): string =>
  name
    .replaceAll(/[^A-Za-z0-9._-]/g, '_')
    .replace(/^\.+/, '_')
    .slice(-100)
