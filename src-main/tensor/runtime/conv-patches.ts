import { sizeOf, type Dtype } from '#tensor/dense'
import { dilatedExtent } from '#tensor/program'
import type { OnnxGraph } from './onnx-graph.ts'

/** Which entries of a value a patch holds: entry (tap, position) is x°[position·step + tap·dilation − low]. */
export interface PatchWindow {
  readonly taps: readonly number[]
  readonly tapDilation: readonly number[]
  readonly positions: readonly number[]
  readonly positionStep: readonly number[]
  readonly low: readonly number[]
  /** x° is x with `inputDilation − 1` zeros between its entries. */
  readonly inputDilation: readonly number[]
}

/**
 * Brings `[a, c, …spatial]` to the room a window sees: zeros between entries and around, negative padding cropped.
 */
export function spread(
  graph: OnnxGraph,
  name: string,
  shape: readonly number[],
  inputDilation: readonly number[],
  low: readonly number[],
  high: readonly number[],
): { name: string; shape: readonly number[] } {
  let value = name
  const lead = shape.slice(0, 2)
  let spatial: readonly number[] = shape.slice(2)
  if (inputDilation.some((dilation) => dilation > 1)) {
    // [h, w] → [h, 1, w, 1] → [h, s, w, s] → [h·s, w·s]: each entry is followed by its zeros.
    const split = spatial.flatMap((extent) => [extent, 1])
    value = graph.node('Reshape', [value, graph.integers([...lead, ...split])])
    const after = inputDilation.flatMap((dilation) => [0, dilation - 1])
    const none = new Array<number>(lead.length + split.length).fill(0)
    value = graph.node('Pad', [value, graph.integers([...none, 0, 0, ...after])])
    spatial = spatial.map((extent, i) => extent * inputDilation[i]!)
    value = graph.node('Reshape', [value, graph.integers([...lead, ...spatial])])
  }
  // The zeros behind the last entry are not part of the dilated value.
  const trailing = inputDilation.map((dilation) => dilation - 1)
  const wanted = high.map((extent, i) => extent - trailing[i]!)
  const padded = (extents: readonly number[]): readonly number[] => {
    const grow = (pads: readonly number[]): number[] => pads.map((extent) => Math.max(0, extent))
    const [before, after] = [grow(low), grow(wanted)]
    if ([...before, ...after].every((extent) => extent === 0)) return extents
    value = graph.node('Pad', [value, graph.integers([0, 0, ...before, 0, 0, ...after])])
    return extents.map((extent, i) => before[i]! + extent + after[i]!)
  }
  const cropped = (extents: readonly number[]): readonly number[] => {
    const cut = (pads: readonly number[]): number[] => pads.map((extent) => Math.max(0, -extent))
    const starts = cut(low)
    const limits = cut(wanted).map((extent, i) => extents[i]! - extent)
    if (starts.every((start, i) => start === 0 && limits[i] === extents[i])) return extents
    const axes = extents.map((_, i) => i + 2)
    value = graph.node('Slice', [
      value,
      ...[starts, limits, axes].map((list) => graph.integers(list)),
    ])
    return limits.map((limit, i) => limit - starts[i]!)
  }
  // Less to copy if what is cropped goes first; not where a window lies in the padding alone.
  const canCropFirst = spatial.every(
    (extent, i) => Math.max(0, -low[i]!) + Math.max(0, -wanted[i]!) < extent,
  )
  spatial = canCropFirst ? padded(cropped(spatial)) : cropped(padded(spatial))
  return { name: value, shape: [...lead, ...spatial] }
}

/** Padding behind x° that makes exactly the window's positions. */
const highOf = (window: PatchWindow, spatial: readonly number[]): number[] =>
  spatial.map((extent, i) => {
    const reach = (window.positions[i]! - 1) * window.positionStep[i]!
    const width = dilatedExtent(window.taps[i]!, window.tapDilation[i]!)
    return reach + width - window.low[i]! - dilatedExtent(extent, window.inputDilation[i]!)
  })

/**
 * Patches of a value: `[a, c, …spatial]` → `[a, c·taps, positions]`, by a depthwise convolution with one-hot kernels
 * (several times faster on processors than a gather). The runtime convolves in float32 only, so in float64 they are gathered.
 */
export function patchesNode(
  graph: OnnxGraph,
  name: string,
  shape: readonly number[],
  window: PatchWindow,
  dtype: Dtype,
): string {
  const [rows, channels, ...spatial] = shape as [number, number, ...number[]]
  const high = highOf(window, spatial)
  const taps = sizeOf(window.taps)
  const result = graph.integers([rows, channels * taps, sizeOf(window.positions)])
  const isAllOnes = (steps: readonly number[]): boolean => steps.every((step) => step === 1)
  const needsSpread =
    !isAllOnes(window.inputDilation) || [...window.low, ...high].some((extent) => extent < 0)
  const zeros = spatial.map(() => 0)
  const room = needsSpread
    ? spread(graph, name, shape, window.inputDilation, window.low, high).name
    : name
  if (taps === 1 && isAllOnes(window.positionStep)) {
    const whole = needsSpread
      ? room
      : spread(graph, name, shape, window.inputDilation, window.low, high).name
    return graph.node('Reshape', [whole, result])
  }
  if (dtype === 'float64') {
    const padded = spread(graph, name, shape, window.inputDilation, window.low, high)
    const extents = padded.shape.slice(2)
    const flat = graph.node('Reshape', [
      padded.name,
      graph.integers([rows, channels, sizeOf(extents)]),
    ])
    const places = graph.integers(windowPlaces(window, extents))
    return graph.node('Reshape', [graph.node('Gather', [flat, places], { axis: 2 }), result])
  }
  const pads = needsSpread ? [...zeros, ...zeros] : [...window.low, ...high]
  const patches = graph.node('Conv', [room, oneHotKernels(graph, channels, window.taps)], {
    group: channels,
    kernel_shape: window.taps,
    strides: window.positionStep,
    dilations: window.tapDilation,
    pads,
  })
  return graph.node('Reshape', [patches, result])
}

/** Where the entries of all patches lie in a padded value: taps slower than positions, both in row-major order. */
function windowPlaces(window: PatchWindow, extents: readonly number[]): number[] {
  // Dimension by dimension: the place is linear in the indices.
  const grid = (counts: readonly number[], steps: readonly number[]): number[] =>
    counts.reduce<number[]>(
      (places, count, i) =>
        places.flatMap((place) =>
          Array.from({ length: count }, (_, index) => place * extents[i]! + index * steps[i]!),
        ),
      [0],
    )
  const positions = grid(window.positions, window.positionStep)
  return grid(window.taps, window.tapDilation).flatMap((tap) =>
    positions.map((position) => tap + position),
  )
}

/** For every channel one kernel a tap, 1 at the tap: `[channels·taps, 1, …taps]`. */
function oneHotKernels(graph: OnnxGraph, channels: number, taps: readonly number[]): string {
  const count = sizeOf(taps)
  return graph.floats(`one-hot ${channels}`, [channels * count, 1, ...taps], () =>
    Float32Array.from({ length: channels * count * count }, (_, i) =>
      Math.floor(i / count) % count === i % count ? 1 : 0,
    ),
  )
}
