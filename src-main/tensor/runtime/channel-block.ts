import { sizeOf } from '#tensor/dense'
import { add, conv2d, traceProgram, type Program, type ValueType } from '#tensor/program'
import { reorderedInput } from './conv-blocked.ts'
import { lowerProgram } from './lowering.ts'
import { OnnxGraph } from './onnx-graph.ts'
import { createSession, type Argument } from './session.ts'

/** Channels of the tensor whose order is looked at: a multiple of any block. */
const channels = 32

/** Largest error of a blocked convolution, as a share of the largest entry: some hundred products are added up. */
const tolerance = 1e-5

/** Runs a graph with the inputs `in0…` and the result `out0`, of the shape given, once. */
export type EvaluateGraph = (
  graph: OnnxGraph,
  inputs: readonly Argument[],
  shape: readonly number[],
) => Promise<Float32Array>

const evaluateNatively: EvaluateGraph = async (graph, inputs, shape) => {
  const session = await createSession(graph.encode('channel-block'), { threads: 1 })
  try {
    const data = new Float32Array(sizeOf(shape))
    const named = Object.fromEntries(inputs.map((input, i) => [`in${i}`, input]))
    await session.run(named, { out0: { data, shape } })
    return data
  } finally {
    await session.release()
  }
}

/** Channels that lie together in the blocked layout, read off the order in which numbers come out; null if it is another. */
async function readBlock(evaluate: EvaluateGraph): Promise<number | null> {
  const shape = [1, channels, 1, 2]
  const graph = new OnnxGraph()
  const image = graph.input('in0', 'float32', shape)
  graph.output('out0', reorderedInput(graph, image), 'float32', shape)
  const numbers = Float32Array.from({ length: 2 * channels }, (_, i) => i)
  const order = await evaluate(graph, [{ data: numbers, shape }], shape)
  // The second entry of the first channel follows the first entries of all channels in the block.
  const block = order.indexOf(1)
  if (block < 2 || channels % block !== 0) return null
  const isAsKnown = order.every((number, i) => {
    const within = i % (2 * block)
    const channel = i - within + 2 * (within % block)
    return number === channel + Math.floor(within / block)
  })
  return isAsKnown ? block : null
}

/** A sum of two convolutions, padded unevenly, with strides, in two groups. */
function trialProgram(block: number): Program {
  const shapes = [
    [2, 2 * block, 7, 6],
    [4 * block, block, 3, 3],
    [4 * block, block, 3, 3],
  ]
  const types = shapes.map((shape): ValueType => ({ dtype: 'float32', shape }))
  return traceProgram('channel-block', types, ([x, first, second]) => {
    const window = { padding: [1, 1], stride: [2, 1], groups: 2 } as const
    return [add(conv2d(x!, first!, window), conv2d(x!, second!, window))]
  })
}

/** Whether convolutions in blocks give what plain ones give. */
async function isRight(evaluate: EvaluateGraph, block: number): Promise<boolean> {
  const program = trialProgram(block)
  const inputs = program.inputs.map(({ type: { shape } }, i) => ({
    data: Float32Array.from({ length: sizeOf(shape) }, (_, entry) => Math.sin(entry + i)),
    shape,
  }))
  const { shape } = program.outputs[0]!.type
  const blocked = lowerProgram(program, { channelBlock: block })
  const [got, expected] = [
    await evaluate(blocked, inputs, shape),
    await evaluate(lowerProgram(program), inputs, shape),
  ]
  const scale = expected.reduce((largest, entry) => Math.max(largest, Math.abs(entry)), 0)
  return got.every((entry, i) => Math.abs(entry - expected[i]!) <= tolerance * scale)
}

/**
 * Finds the channels a block of a runtime, as {@link findChannelBlock}.
 *
 * @param evaluate - The runtime.
 */
export async function searchChannelBlock(evaluate: EvaluateGraph): Promise<number | null> {
  try {
    const block = await readBlock(evaluate)
    return block !== null && (await isRight(evaluate, block)) ? block : null
  } catch {
    // A build of the runtime without these operators: the plain ones are always there.
    return null
  }
}

let found: Promise<number | null> | null = null

/**
 * Finds how many channels lie together in the runtime's blocked layout on this processor: 16 with AVX-512 and on ARM, 8 with
 * less, null where there is none.
 *
 * The operators of that layout are internal to ONNX Runtime and may change without notice. So the size is read off a
 * tensor of known numbers, and a sum of two convolutions is compared with the public operators (to 1e-5); where
 * anything fails to load or differs, the layout is not used.
 *
 * Cost: four small sessions, once a process.
 */
export function findChannelBlock(): Promise<number | null> {
  found ??= searchChannelBlock(evaluateNatively)
  return found
}
