import { simplifyProgram, type Program } from '#tensor/program'
import { batch } from './batch.ts'
import { jvp } from './jvp.ts'
import { valueAndGradient } from './vjp.ts'

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i)

/** Keeps the last `count` outputs. */
const lastOutputs = (program: Program, count: number): Program => ({
  ...program,
  outputs: program.outputs.slice(program.outputs.length - count),
})

/** The gradient of a scalar program alone: outputs ∂f/∂input per entry of `wrt`. */
export function gradient(program: Program, wrt: readonly number[]): Program {
  return simplifyProgram(lastOutputs(valueAndGradient(program, wrt), wrt.length))
}

/**
 * Hessian-vector products of a scalar program, forward over reverse: H·v = d/dt ∇f(x + t·v).
 *
 * @param program - f; its first output is the scalar.
 * @param wrt - Indices of the inputs that make up x.
 * @param rows - Vectors at once: with `rows` null tangents have the shapes of the inputs, otherwise
 *   `[rows, …]`.
 * @returns A program with inputs (inputs of f, then one tangent per entry of `wrt`) and outputs
 *   (the matching parts of H·v).
 */
export function hvp(program: Program, wrt: readonly number[], rows: number | null): Program {
  const inputCount = program.inputs.length
  const tangentInputs = range(inputCount, inputCount + wrt.length)
  const products = simplifyProgram(lastOutputs(jvp(gradient(program, wrt), wrt), wrt.length), {
    varyingInputs: tangentInputs,
  })
  const named = { ...products, name: `hvp(${program.name})` }
  return rows === null ? named : batchTangents(named, wrt.length, rows)
}

/**
 * Blocks of tangents: a map that is linear in its last inputs, for several of them at once.
 *
 * @param count - Inputs that are tangents.
 * @returns The program with these inputs and all outputs `[rows, …]`.
 */
export function batchTangents(program: Program, count: number, rows: number): Program {
  const first = program.inputs.length - count
  const isBatched = program.inputs.map((_, i) => i >= first)
  return { ...simplifyProgram(batch(program, isBatched, rows)), name: program.name }
}
