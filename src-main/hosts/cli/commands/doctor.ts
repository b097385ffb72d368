import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import type { EngineDescription } from '#shared/contract'
import { connect } from '../connection.ts'
import type { AddCommand, CliContext } from '../context.ts'
import { findDesktop } from '../electron-binary.ts'
import { exitCode } from '../io.ts'
import { jsonOption, storeOption } from '../options.ts'
import type { ComputeDescription } from '../services.ts'
import { formatTable } from '../table.ts'

interface Finding {
  readonly name: string
  readonly state: 'ok' | 'note' | 'broken'
  readonly value: string
}

interface Options {
  readonly store?: string
  readonly json?: true
}

export const addDoctor: AddCommand = (program, context) => {
  program
    .command('doctor')
    .description('say what this installation consists of and whether it works')
    .addOption(storeOption())
    .addOption(jsonOption())
    .action(async (options: Options) => {
      const findings = await examine(context, context.storeFolder(options.store))
      const isSound = findings.every(({ state }) => state !== 'broken')
      if (options.json) context.printJson({ sound: isSound, findings })
      else {
        const rows = findings.map(({ name, state, value }) => [state, name, value])
        context.print(formatTable(['state', 'what', 'value'], rows))
      }
      if (!isSound) context.end(exitCode.failed)
    })
}

async function examine(context: CliContext, storeFolder: string): Promise<Finding[]> {
  const { services, io } = context
  const desktop = findDesktop(io, services)
  return [
    ok('saddle', services.facts.appVersion),
    ok('node', process.version),
    ok('platform', `${process.platform} ${process.arch}`),
    ok('processor', `${cpus()[0]?.model ?? 'unknown'}, ${String(availableParallelism())} threads`),
    ok('memory', `${(totalmem() / 2 ** 30).toFixed(1)} GiB`),
    ...Object.entries(services.facts.versions).map(([name, version]) => ok(name, version)),
    ...(await examineCompute(services)),
    desktop.binary === null
      ? { name: 'desktop', state: 'note', value: `${desktop.reason}; the browser is used` }
      : ok('desktop', desktop.binary),
    await examined('store', () => examineStore(context, storeFolder)),
  ]
}

/** One line for the library, each device and the second runtime. */
async function examineCompute(services: CliContext['services']): Promise<Finding[]> {
  try {
    const { library, devices, chosen, tensorflow } = await services.describeCompute()
    return [
      ok('compute', `${library} on ${chosen.device}, ${chosen.reason}; cpu is bit-reproducible`),
      ...devices.map(({ name, problem }): Finding => {
        if (problem !== null) return note(`device ${name}`, `not here: ${problem}`)
        return ok(
          `device ${name}`,
          name === chosen.device ? 'used unless another is named' : 'here',
        )
      }),
      describeTensorflow(tensorflow),
    ]
  } catch (error) {
    const value = error instanceof Error ? error.message : String(error)
    return [{ name: 'compute', state: 'broken', value }]
  }
}

function describeTensorflow(tensorflow: ComputeDescription['tensorflow']): Finding {
  const name = 'runtime tensorflow'
  if (tensorflow === null) return note(name, 'not installed (@tensorflow/tfjs-node-gpu, -node)')
  if ('problem' in tensorflow) return note(name, `cannot be used: ${tensorflow.problem}`)
  return ok(name, `${tensorflow.name} on ${tensorflow.device}, with --runtime tensorflow`)
}

const note = (name: string, value: string): Finding => ({ name, state: 'note', value })

const ok = (name: string, value: string): Finding => ({ name, state: 'ok', value })

async function examined(name: string, work: () => Promise<string>): Promise<Finding> {
  try {
    return ok(name, await work())
  } catch (error) {
    const value = error instanceof Error ? error.message : String(error)
    return { name, state: 'broken', value }
  }
}

async function examineStore(context: CliContext, folder: string): Promise<string> {
  if (existsSync(folder)) {
    const { engine, total } = await ask(context, folder)
    const by = engine.pid === process.pid ? '' : `; served by process ${String(engine.pid)}`
    return `${folder}: ${String(total)} runs${by}`
  }
  // Nothing is made where nothing is yet; that a store can be made is tried elsewhere.
  const trial = await mkdtemp(join(tmpdir(), 'saddle-doctor-'))
  try {
    await ask(context, trial)
    return `${folder}: not there yet; the first run makes it`
  } finally {
    await rm(trial, { recursive: true, force: true })
  }
}

async function ask(
  context: CliContext,
  folder: string,
): Promise<{ engine: EngineDescription; total: number }> {
  const connection = await connect(context, folder, 'look')
  try {
    const engine = await connection.client.call('engine.describe', {})
    const { total } = await connection.client.call('runs.list', { limit: 1 })
    return { engine, total }
  } finally {
    await connection.close()
  }
}
