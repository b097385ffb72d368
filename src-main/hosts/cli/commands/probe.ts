import { Option } from 'commander'
import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { NetworkDescription, ProbeOptions, ProbeResult } from '#lab/experiments'
import { measurementLabel, measurementText } from '#shared/figures'
import {
  computeSchema,
  explainSchemaError,
  lossSchema,
  networkSchema,
  operatorSchema,
  type NetworkSpec,
  type OperatorKind,
} from '#shared/schemas'
import type { AddCommand, CliContext } from '../context.ts'
import { UsageError } from '../io.ts'
import { parseJsonText } from '../json-text.ts'
import {
  deviceOption,
  integer,
  jsonOption,
  positiveNumber,
  runtimeOption,
  seed,
  type ComputeOptions,
} from '../options.ts'
import {
  densitySettings,
  traceSettings,
  type DensitySettings,
  type TraceSettings,
} from '../probe-settings.ts'
import { readSpecFile } from '../spec-input.ts'
import { formatDuration, formatNumber, formatTable } from '../table.ts'

interface Options extends ComputeOptions {
  readonly model: string
  readonly describe?: true
  readonly weights?: string
  readonly data?: string
  readonly loss?: ProbeOptions['loss']
  readonly batch?: number
  readonly vector?: string
  readonly product?: string
  readonly gradient?: string
  readonly operator: OperatorKind
  readonly tensors?: string[]
  readonly draws?: number
  readonly top?: number
  readonly bottom?: number
  readonly trace?: TraceSettings
  readonly density?: DensitySettings
  readonly tolerance?: number
  readonly seed: number
  readonly json?: true
}

export const addProbe: AddCommand = (program, context) => {
  program
    .command('probe')
    .description('measure a network that was trained elsewhere')
    .requiredOption(
      '--model <json>',
      'network as JSON or a JSON file, e.g. {"kind":"mlp","widths":[64,32,10]} or {"kind":"resnet","input":[3,32,32],"outputs":10}',
    )
    .option('--describe', 'list names, shapes and order of the weights instead')
    .option('--weights <file>', '.safetensors or .npz with state_dict names')
    .option('--data <file>', '.npz or .safetensors with x and y')
    .addOption(new Option('--loss <loss>', 'mean loss').choices(lossSchema.options))
    .option('--batch <number>', 'samples a pass; fewer take less memory', integer(1, 1e7))
    .option('--vector <file>', '.npy with a vector to multiply')
    .option('--product <file>', '.npy to write the product to')
    .option('--gradient <file>', '.npy to write the gradient to')
    .addOption(
      new Option(
        '--operator <name>',
        'matrix that is measured: Hessian H, Gauss–Newton G (ggn), residual part H − G, a Fisher matrix, the gradient covariance, the NTK Gram matrix',
      )
        .choices(operatorSchema.options)
        .default('hessian'),
    )
    .option('--tensors <names>', 'only the block of these, e.g. layers.0,layers.2.weight', names)
    .option(
      '--draws <number>',
      'labels drawn for each sample, for monte-carlo-fisher',
      integer(1, 1000),
    )
    .option('--top <number>', 'largest eigenvalues', integer(0, 200))
    .option('--bottom <number>', 'smallest eigenvalues', integer(0, 200))
    .option(
      '--trace <settings>',
      'trace, e.g. probes=64, or to 2 %: method=xtrace,precision=0.02',
      traceSettings,
    )
    .option(
      '--density <settings>',
      'density, e.g. probes=10,steps=80,outliers=10,out=density.json',
      densitySettings,
    )
    .option(
      '--tolerance <number>',
      'largest residual as a share of |λ|, or of 1 % of the largest |λ|',
      positiveNumber,
    )
    .option('--seed <number>', 'seed of the probes', seed, 0)
    .addOption(deviceOption())
    .addOption(runtimeOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Example: the ten largest eigenvalues and tr H to 2 % of a checkpoint by PyTorch
  saddle probe --model '{"kind":"mlp","widths":[64,32,10]}' --weights w.safetensors \\
    --data d.npz --loss cross-entropy --top 10 --trace method=xtrace,precision=0.02`,
    )
    .action(async (options: Options) => {
      const network = await readNetwork(context, options.model)
      if (options.describe) await describe(context, network, options.json ?? false)
      else await measure(context, network, options)
    })
}

async function readNetwork({ io }: CliContext, given: string): Promise<NetworkSpec> {
  const isText = given.trimStart().startsWith('{')
  const text = isText ? given : await readSpecFile(resolve(io.cwd, given), given)
  const value = parseJsonText(text, isText ? '--model' : given)
  const parsed = networkSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = explainSchemaError(networkSchema, parsed.error, value)
  throw new UsageError(`--model: ${problems.map(({ message }) => message).join('; ')}`)
}

async function describe(context: CliContext, network: NetworkSpec, asJson: boolean): Promise<void> {
  const { describeNetwork } = await context.services.probe()
  const { label, parameters, buffers } = describeNetwork(network)
  if (asJson) {
    context.printJson({
      network,
      label,
      parameterCount: parameters.size,
      parameters: parameters.entries,
      buffers: buffers.entries,
    })
    return
  }
  context.print(layoutTable(parameters))
  context.print(`${String(parameters.size)} parameters in this order`)
  if (buffers.size === 0) return
  context.print(`\n${layoutTable(buffers)}`)
  context.print(`${String(buffers.size)} running statistics besides`)
}

const layoutTable = ({ entries }: NetworkDescription['parameters']): string =>
  formatTable(
    ['name', 'shape', 'first entry', 'entries'],
    entries.map(({ name, shape, offset, size }) => [
      name,
      `[${shape.join(', ')}]`,
      String(offset),
      String(size),
    ]),
  )

async function measure(context: CliContext, network: NetworkSpec, options: Options): Promise<void> {
  const { io, services } = context
  const at = (file: string) => resolve(io.cwd, file)
  checkOutputs(options, at)
  const { runProbe } = await services.probe()
  const result = await runProbe({
    network,
    weightsPath: at(needed('--weights', options.weights)),
    dataPath: at(needed('--data', options.data)),
    loss: needed('--loss', options.loss),
    batch: options.batch,
    vectorPath: options.vector === undefined ? undefined : at(options.vector),
    top: options.top,
    bottom: options.bottom,
    tolerance: options.tolerance,
    operator: options.operator,
    tensors: options.tensors,
    draws: options.draws,
    trace: options.trace,
    density: densityOf(options.density),
    seed: options.seed,
    runtime: await services.openRuntime(
      computeSchema.parse({ device: options.device, runtime: options.runtime }),
    ),
  })
  await writeOutputs(context, result, options, at)
  if (options.json) context.printJson(documentOf(result, options.operator))
  else context.print(textOf(result))
}

const names = (text: string): string[] => text.split(',').map((name) => name.trim())

/** The settings without the file that they name. */
function densityOf(settings: DensitySettings | undefined): ProbeOptions['density'] {
  if (settings === undefined) return undefined
  const { probes, steps, outliers } = settings
  return { probes, steps, outliers }
}

/** Checked before any work. */
function checkOutputs(options: Options, at: (file: string) => string): void {
  if ((options.vector === undefined) !== (options.product === undefined)) {
    throw new UsageError('--vector and --product go together: what to multiply, where to write it')
  }
  const outputs = {
    product: options.product,
    gradient: options.gradient,
    density: options.density?.out,
  }
  for (const [name, file] of Object.entries(outputs)) {
    if (file !== undefined && !existsSync(dirname(at(file)))) {
      throw new UsageError(`--${name}: folder not found: ${dirname(at(file))}`)
    }
  }
}

function needed<T>(flag: string, value: T | undefined): T {
  if (value === undefined) throw new UsageError(`${flag} is needed unless --describe is given`)
  return value
}

async function writeOutputs(
  { services }: CliContext,
  result: ProbeResult,
  options: Options,
  at: (file: string) => string,
): Promise<void> {
  if (options.product !== undefined && result.product !== null) {
    await services.writeFileDurably(
      at(options.product),
      await services.encodeVector(result.product),
    )
  }
  if (options.gradient !== undefined) {
    const bytes = await services.encodeVector(result.gradient)
    await services.writeFileDurably(at(options.gradient), bytes)
  }
  const density = result.measurements.find(({ kind }) => kind === 'density')
  if (options.density?.out !== undefined && density !== undefined) {
    await services.writeFileDurably(at(options.density.out), `${JSON.stringify(density)}\n`)
  }
}

/** The result without its long vectors, which have files of their own. */
function documentOf(result: ProbeResult, operator: string): unknown {
  return Object.fromEntries([
    ['operator', operator],
    ...Object.entries(result).filter(([name]) => name !== 'gradient' && name !== 'product'),
  ])
}

function textOf(result: ProbeResult): string {
  const lines = [
    ['parameters', String(result.parameterCount)],
    ['samples', String(result.sampleCount)],
    [`loss (${result.lossKind})`, formatNumber(result.loss)],
    ['accuracy', formatNumber(result.accuracy)],
    ['gradient norm', formatNumber(result.gradientNorm)],
    ...result.measurements.map((document) => [
      measurementLabel(document),
      measurementText(document),
    ]),
    ['products', String(result.measurements.reduce((sum, { cost }) => sum + cost.products, 0))],
    ['time', `${formatDuration(result.elapsedMs)} on ${result.device}`],
    ['seed', String(result.seed)],
  ]
  const width = Math.max(...lines.map(([name = '']) => name.length))
  return lines.map(([name = '', text = '']) => `${name.padEnd(width)}  ${text}`).join('\n')
}
