import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Lab } from '#lab/api'
import { ApiError } from '#shared/errors'
import { dispatch, parseJson } from '#shared/rpc'
import { sendArtifact } from './artifact-route.ts'
import { readBody } from './read-body.ts'
import type { RequestTarget } from './request-target.ts'
import { errorReply, jsonReply, send, textReply } from './responses.ts'
import type { StaticFiles } from './static-files.ts'

const artifactPrefix = '/artifacts/'
const rpcPrefix = '/rpc/'

const unbuilt = textReply(
  200,
  'The engine runs, but its web interface is not built here: run "npm run build" and start it again.',
)

/** What the routes serve. */
export interface RouteContext {
  readonly lab: Lab
  readonly files: StaticFiles
  readonly bodyBytes: number
}

/** Answers a request that the gate has let pass. */
export async function route(
  request: IncomingMessage,
  response: ServerResponse,
  { path }: RequestTarget,
  context: RouteContext,
): Promise<void> {
  try {
    if (path.startsWith(rpcPrefix)) await answerCall(request, response, path, context)
    else if (request.method === 'POST') send(response, textReply(405, 'POST is for /rpc/METHOD'))
    else if (path.startsWith(artifactPrefix)) {
      await sendArtifact(response, context.lab, path.slice(artifactPrefix.length))
    } else {
      const reply = context.files.get(path) ?? (path === '/' ? unbuilt : undefined)
      send(response, reply ?? textReply(404, 'there is nothing here'))
    }
  } catch (error) {
    send(response, errorReply(error instanceof ApiError ? error : context.lab.describeError(error)))
  }
}

async function answerCall(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  { lab, bodyBytes }: RouteContext,
): Promise<void> {
  if (request.method !== 'POST') {
    send(response, textReply(405, 'a method is called by POST'))
    return
  }
  const body = await readBody(request, bodyBytes)
  if (body === null) {
    // The rest of the body is not read, so the connection is of no further use.
    response.setHeader('Connection', 'close')
    send(response, textReply(413, `the body may have ${String(bodyBytes)} bytes at most`))
    return
  }
  const args = body === '' ? {} : parseJson(body)
  if (args === undefined) throw new ApiError('invalid-argument', 'the body must be JSON')
  const result = await dispatch(lab.handlers, path.slice(rpcPrefix.length), args)
  send(response, jsonReply(200, { result }))
}
