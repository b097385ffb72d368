import {
  Graph,
  pruneProgram,
  reemit,
  type Equation,
  type Primitive,
  type Program,
  type Tracer,
  type Variable,
} from '#tensor/program'

/** A program in two halves: what stays while some inputs vary, and what has to be done for each of them. */
export interface Linearized {
  /** Inputs: those that stay, in their order; outputs: the residuals. */
  readonly primal: Program
  /** Inputs: those that stay, the residuals, those that vary; outputs: those of the whole. */
  readonly tangent: Program
}

/** Made again at no cost where they are read, so they are no residuals. */
const free = new Set<Primitive>(['constant', 'iota', 'broadcast', 'reshape', 'stopGradient'])

/**
 * Splits a program into what does not depend on the varying inputs, to be evaluated once, and the rest, which reads
 * its results (residuals).
 *
 * Applied to a Jacobian- or Hessian-vector product with the tangents varying, the second half is the linear map.
 *
 * @param varying - Indices of the inputs that vary.
 */
export function linearize(program: Program, varying: readonly number[]): Linearized {
  const moving = new Set<Variable>(varying.map((index) => program.inputs[index]!))
  for (const { inputs, output } of program.equations) {
    if (inputs.some((input) => moving.has(input))) moving.add(output)
  }
  const staying = program.inputs.filter((input) => !moving.has(input))
  const origins = new Map(program.equations.map((equation) => [equation.output, equation]))
  const residuals = findResiduals(program, moving, origins)

  const primal = pruneProgram({
    name: `primal(${program.name})`,
    inputs: staying,
    equations: program.equations.filter(({ output }) => !moving.has(output)),
    outputs: residuals,
  })
  const graph = new Graph()
  const inputs = [...staying, ...residuals, ...varying.map((index) => program.inputs[index]!)]
  const known = new Map<Variable, Tracer>()
  for (const variable of inputs) known.set(variable, graph.input(variable.type))
  const traced = inputs.map((variable) => known.get(variable)!)
  const read = (variable: Variable): Tracer => {
    const tracer = known.get(variable) ?? remade(origins.get(variable)!)
    known.set(variable, tracer)
    return tracer
  }
  const remade = (equation: Equation): Tracer => reemit(graph, equation, equation.inputs.map(read))
  for (const equation of program.equations) {
    if (moving.has(equation.output)) known.set(equation.output, remade(equation))
  }
  const tangent = graph.finish(`tangent(${program.name})`, traced, program.outputs.map(read))
  return { primal, tangent }
}

/** Values that stay and are read by what moves (or given out), but for inputs and what is made again freely. */
function findResiduals(
  program: Program,
  moving: ReadonlySet<Variable>,
  origins: ReadonlyMap<Variable, Equation>,
): Variable[] {
  const found = new Set<Variable>()
  const visit = (variable: Variable): void => {
    if (moving.has(variable)) return
    const origin = origins.get(variable)
    if (origin === undefined) return
    if (free.has(origin.primitive)) origin.inputs.forEach(visit)
    else found.add(variable)
  }
  for (const { inputs, output } of program.equations) {
    if (moving.has(output)) inputs.forEach(visit)
  }
  program.outputs.forEach(visit)
  return [...found]
}
