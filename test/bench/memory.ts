/**
 * @file Peak of resident memory against the forecast, for gradient, training step and products of the standard
 * workloads, each in a process of its own. Fails where they differ by more than 25 %.
 * Run: node test/bench/memory.ts [workload…]; with --one <workload> <program>: one of them, in this process, as JSON.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { standardWorkloads, workloadsNamed } from '#lab/bench'
import { optimizerTransform } from '#learn/optimizers'
import { stepProgram } from '#learn/training'
import { sizeOf, type TensorData } from '#tensor/dense'
import type { Program, ValueType } from '#tensor/program'
import { allocateTensor, compileProgram, engineBytes, planProgram } from '#tensor/runtime'
import { gradient, hvp } from '#tensor/transforms'

const adam = optimizerTransform({
  kind: 'adam',
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
})
const programs: Readonly<Record<string, (loss: Program, wrt: readonly number[]) => Program>> = {
  gradient,
  step: (loss, wrt) => stepProgram(loss, wrt.length, adam),
  'product of 1': (loss, wrt) => hvp(loss, wrt, 1),
  'products of 4': (loss, wrt) => hvp(loss, wrt, 4),
}

interface PeakMemory {
  readonly forecast: number
  readonly measured: number
}

/** Runs one program in this process, which did nothing else before. */
async function measureHere(id: string, name: string): Promise<PeakMemory> {
  const { loss, layout } = standardWorkloads.find((workload) => workload.id === id)!.create(1)
  const program = programs[name]!(
    loss,
    layout.entries.map((_, i) => i),
  )
  const types = [...program.inputs, ...program.outputs].map(({ type }) => type)
  const bytes = types.reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0)
  const { workspace, graph } = planProgram(program)
  const filled = (type: ValueType): TensorData => allocateTensor(type).fill(1)
  const inputs = program.inputs.map(({ type }) => filled(type))
  const outputs = program.outputs.map(({ type }) => filled(type))
  const executable = await compileProgram(program)
  for (let i = 0; i < 3; i += 1) await executable.run(inputs, outputs)
  await executable.release()
  const status = readFileSync('/proc/self/status', 'utf8')
  const measured = 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1])
  return { forecast: engineBytes + bytes + workspace + graph, measured }
}

const [mode, ...names] = process.argv.slice(2)
if (mode === '--one') {
  console.log(JSON.stringify(await measureHere(names[0]!, names[1]!)))
} else {
  const chosen = workloadsNamed(mode === undefined ? [] : [mode, ...names])
  for (const { id } of chosen) {
    for (const name of Object.keys(programs)) {
      const output = execFileSync(process.execPath, [import.meta.filename, '--one', id, name])
      const { forecast, measured } = JSON.parse(output.toString()) as PeakMemory
      const off = measured / forecast - 1
      const [said, took] = [forecast, measured].map((bytes) => `${Math.round(bytes / 1e6)} MB`)
      console.log(
        `${id} ${name.padEnd(14)} forecast ${said!.padStart(8)}, at most ${took!.padStart(8)} (${(100 * off).toFixed(0)} %)`,
      )
      if (Math.abs(off) > 0.25) process.exitCode = 1
    }
  }
}
