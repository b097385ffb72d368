/** @file Development only: the application over recorded engines, chosen by `?recorded=NAME`. */
import { createRecordedBackend, type Recording } from './backend/recorded.ts'
import { startApplication } from './start.ts'

const modules = import.meta.glob<Record<string, Recording>>(
  '../test/support/recorded/recordings.ts',
  { eager: true },
)
const recordings = Object.values(modules)[0] ?? {}
const name = new URLSearchParams(location.search).get('recorded') ?? 'busy'
const recording = recordings[name]
if (recording === undefined) {
  throw new Error(`no recording ${name}; there are ${Object.keys(recordings).join(', ')}`)
}
const backend = createRecordedBackend(recording)
if (new URLSearchParams(location.search).has('closed')) backend.setStatus('closed')
startApplication(backend)
