import { createHash } from 'node:crypto'
import { runExperiment } from '#lab/experiments'
import { processPort, runWorker } from '#lab/jobs'
import { describeWorkplace } from './workplace.ts'

// Ctrl-C in a terminal reaches every process of the group; the engine decides what becomes of a run.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

await runWorker(processPort(), async (order, context) => {
  const specHash = createHash('sha256').update(JSON.stringify(order.spec)).digest('hex')
  await runExperiment(order, specHash, await describeWorkplace(order), context)
})
