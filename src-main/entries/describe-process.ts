import { text } from 'node:stream/consumers'
import { join } from 'node:path'
import { describeExperiment } from '#lab/experiments'
import { toApiError } from '#lab/jobs'
import { toWire } from '#shared/errors'
import type { ExperimentSpec } from '#shared/schemas'
import type { DescribeAnswer } from './describe-apart.ts'
import { appFolder } from './facts.ts'

/** Describes the experiment on stdin, `{ spec, seed }` with the spec resolved, and says what it found. */
const { spec, seed } = JSON.parse(await text(process.stdin)) as {
  readonly spec: ExperimentSpec
  readonly seed: number
}

async function answer(): Promise<DescribeAnswer> {
  try {
    return { description: await describeExperiment(spec, seed, join(appFolder, 'resources')) }
  } catch (error) {
    return { error: toWire(toApiError(error)) }
  }
}

const said = await answer()
// A runtime's threads must not keep the process; what was said must get out.
process.stdout.write(JSON.stringify(said), () => process.exit())
