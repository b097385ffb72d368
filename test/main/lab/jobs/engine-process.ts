import { join } from 'node:path'
import { silentLogger } from '#base'
import { createSupervisor } from '#lab/jobs'
import { openStore } from '#lab/store'
import { experimentSchema } from '#shared/schemas'

// A whole engine: opens the store named, queues the spec named, and passes every event on.
const [, , folder, spec] = process.argv
const store = openStore(folder!, { logger: silentLogger })
const supervisor = createSupervisor({
  store,
  workerEntry: join(import.meta.dirname, 'counting-worker.ts'),
  logger: silentLogger,
  onEvent: (event, payload) => process.send?.({ event, payload }),
})
for (const { id } of store.createRuns([experimentSchema.parse(JSON.parse(spec!))])) {
  supervisor.enqueue(id)
}
