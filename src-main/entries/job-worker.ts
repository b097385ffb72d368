import { createHash } from 'node:crypto'
import { runExperiment } from '#lab/experiments'
import { processPort, runWorker } from '#lab/jobs'
import { describeWorkplace } from './workplace.ts'

const threads = Number(process.env['SADDLE_THREADS'] ?? 0)

await runWorker(processPort(), async (order, context) => {
  const specHash = createHash('sha256').update(JSON.stringify(order.spec)).digest('hex').slice(0, 16)
  await runExperiment(order, specHash, describeWorkplace(threads), context)
})
