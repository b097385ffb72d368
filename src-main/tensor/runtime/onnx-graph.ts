import onnxProto from 'onnx-proto'
import type { onnx } from 'onnx-proto'
import type { Dtype } from '#tensor/dense'

/** An extent that is fixed, or a name for one that each call brings anew. */
export type Extent = number | string

const { DataType } = onnxProto.onnx.TensorProto
const elementTypes: Record<Dtype, number> = {
  float32: DataType.FLOAT,
  float64: DataType.DOUBLE,
  int32: DataType.INT32,
  bool: DataType.BOOL,
}

/** ONNX's number for a number type. */
export const elementTypeOf = (dtype: Dtype): number => elementTypes[dtype]

type Attribute = number | readonly number[] | { readonly float: number } | { readonly text: string }

/** ONNX operator set that the graphs are written in. */
const operatorSet = 18

/**
 * Writes an ONNX model node by node, giving equal nodes one name.
 *
 * @see https://onnx.ai/onnx/operators (operator set 18) and the com.microsoft domain of ONNX Runtime
 */
export class OnnxGraph {
  readonly #nodes: onnx.INodeProto[] = []
  readonly #initializers: onnx.ITensorProto[] = []
  readonly #inputs: onnx.IValueInfoProto[] = []
  readonly #outputs: onnx.IValueInfoProto[] = []
  readonly #known = new Map<string, string>()
  readonly #literals = new Map<string, string>()
  /** What a square is the square of. */
  readonly #squares = new Map<string, string>()
  /** Results of nodes. */
  readonly #made = new Set<string>()
  readonly #renamed = new Map<string, string>()
  /** What a reshaped value was before. */
  readonly #sources = new Map<string, string>()

  /** Declares an input of the model. */
  input(name: string, dtype: Dtype, shape: readonly Extent[]): string {
    this.#inputs.push(valueInfo(name, dtype, shape))
    return name
  }

  /** Makes a value an output of the model. */
  output(name: string, value: string, dtype: Dtype, shape: readonly Extent[]): void {
    // What a node makes is made under the output's name at once; only inputs, constants and what is given out twice
    // have to be copied.
    if (this.#made.has(value) && !this.#renamed.has(value)) this.#renamed.set(value, name)
    else this.#nodes.push({ opType: 'Identity', domain: '', input: [value], output: [name] })
    this.#outputs.push(valueInfo(name, dtype, shape))
  }

  /** Appends a node with one result, or gives the result of the earlier equal node. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): string {
    const [first = ''] = inputs
    const squared = opType === 'ReduceSum' ? this.#squares.get(first) : undefined
    if (squared !== undefined) {
      return this.node('ReduceSumSquare', [squared, ...inputs.slice(1)], attributes)
    }
    if (opType === 'Mul' && first === inputs[1]) {
      const square = this.nodes(opType, inputs, 1)[0]!
      this.#squares.set(square, first)
      return square
    }
    if (opType !== 'Reshape') return this.nodes(opType, inputs, 1, attributes, domain)[0]!
    // Of a chain of reshapes only the last counts.
    const [value, shape] = inputs as [string, string]
    const source = this.sourceOf(value)
    const [name] = this.nodes(opType, [source, shape], 1, attributes)
    this.#sources.set(name!, source)
    return name!
  }

  /** As {@link node}, for an operator with several results. */
  nodes(
    opType: string,
    inputs: readonly string[],
    count: number,
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): string[] {
    const outputs = (name: string): string[] =>
      Array.from({ length: count }, (_, i) => (i === 0 ? name : `${name}_${i}`))
    const key = `${domain} ${opType}(${inputs.join()})${JSON.stringify(attributes)}`
    const first = this.#shared(key, (name) => {
      for (const output of outputs(name)) this.#made.add(output)
      this.#nodes.push({
        opType,
        domain,
        input: [...inputs],
        output: outputs(name),
        attribute: Object.entries(attributes).map((entry) => attributeProto(...entry)),
      })
    })
    return outputs(first)
  }

  /** What a value was before it was given other shapes. */
  sourceOf(name: string): string {
    return this.#sources.get(name) ?? name
  }

  /** A constant integer vector, for shapes and axes. */
  integers(values: readonly number[]): string {
    return this.#shared(`integers${JSON.stringify(values)}`, (name) => {
      this.#literals.set(name, JSON.stringify(values))
      this.#initializers.push({
        name,
        dataType: DataType.INT64,
        dims: [values.length],
        rawData: new Uint8Array(BigInt64Array.from(values, (value) => BigInt(value)).buffer),
      })
    })
  }

  /** A constant float32 tensor; `id` and shape name its content, which is made when it is first asked for. */
  floats(id: string, shape: readonly number[], make: () => Float32Array): string {
    return this.#shared(`floats ${id} ${JSON.stringify(shape)}`, (name) => {
      this.#literals.set(name, `${id} ${JSON.stringify(shape)}`)
      const data = make()
      this.#initializers.push({
        name,
        dataType: DataType.FLOAT,
        dims: [...shape],
        rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      })
    })
  }

  /** 0, 1, … as a constant under a shape. */
  range(count: number, dtype: Dtype, shape: readonly number[]): string {
    return this.#shared(`range ${count} ${dtype} ${JSON.stringify(shape)}`, (name) => {
      const numbers = Array.from({ length: count }, (_, i) => rawNumber(i, dtype))
      this.#initializers.push({
        name,
        dataType: elementTypeOf(dtype),
        dims: [...shape],
        rawData: Buffer.concat(numbers),
      })
    })
  }

  /** A constant number under a shape of ones, so that it broadcasts. */
  number(value: number, dtype: Dtype, rank: number): string {
    return this.#shared(`number ${value} ${dtype} ${rank} ${Object.is(value, -0)}`, (name) => {
      this.#literals.set(name, String(value))
      this.#initializers.push({
        name,
        dataType: elementTypeOf(dtype),
        dims: new Array<number>(rank).fill(1),
        rawData: rawNumber(value, dtype),
      })
    })
  }

  /** The model as bytes. */
  encode(name: string): Uint8Array {
    const domains = new Set(['com.microsoft', ...this.#nodes.map((node) => node.domain!)])
    domains.delete('')
    const model = onnxProto.onnx.ModelProto.create({
      irVersion: 8,
      producerName: 'saddle',
      opsetImport: [
        { domain: '', version: operatorSet },
        ...Array.from(domains, (domain) => ({ domain, version: 1 })),
      ],
      graph: {
        name,
        node: this.#liveNodes(),
        initializer: this.#initializers,
        input: this.#inputs,
        output: this.#outputs,
      },
    })
    return onnxProto.onnx.ModelProto.encode(model).finish()
  }

  /** One line a node, constants written out, for golden snapshots. */
  describe(): string[] {
    return this.#liveNodes().map(({ opType, domain, input, output, attribute }) => {
      const operands = (input ?? []).map((name) => this.#literals.get(name) ?? name)
      const attributes = (attribute ?? []).map((entry) => ` ${describeAttribute(entry)}`)
      // Where an operator of this name is public as well.
      const prefix = domain?.startsWith('com.microsoft.') ? `${domain.split('.').at(-1)!}.` : ''
      return `${(output ?? []).join(', ')} = ${prefix}${opType ?? ''}(${operands.join(', ')})${attributes.join('')}`
    })
  }

  /** Nodes that an output needs. */
  #liveNodes(): onnx.INodeProto[] {
    const needed = new Set(this.#outputs.map(({ name }) => name!))
    const live: onnx.INodeProto[] = []
    const named = (names: readonly string[]): string[] =>
      names.map((name) => this.#renamed.get(name) ?? name)
    for (const plain of this.#nodes.toReversed()) {
      const node = { ...plain, input: named(plain.input!), output: named(plain.output!) }
      if (!node.output.some((name) => needed.has(name))) continue
      live.push(node)
      for (const name of node.input) needed.add(name)
    }
    return live.reverse()
  }

  #shared(key: string, make: (name: string) => void): string {
    const earlier = this.#known.get(key)
    if (earlier !== undefined) return earlier
    const name = `t${this.#known.size}`
    this.#known.set(key, name)
    make(name)
    return name
  }
}

function valueInfo(name: string, dtype: Dtype, shape: readonly Extent[]): onnx.IValueInfoProto {
  return {
    name,
    type: {
      tensorType: {
        elemType: elementTypeOf(dtype),
        shape: {
          dim: shape.map((extent) =>
            typeof extent === 'number' ? { dimValue: extent } : { dimParam: extent },
          ),
        },
      },
    },
  }
}

function attributeProto(name: string, value: Attribute): onnx.IAttributeProto {
  const { AttributeType } = onnxProto.onnx.AttributeProto
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value }
  if ('text' in value) {
    return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value.text) }
  }
  if ('float' in value) return { name, type: AttributeType.FLOAT, f: value.float }
  return { name, type: AttributeType.INTS, ints: [...value] }
}

function describeAttribute({ name, i, f, s, ints }: onnx.IAttributeProto): string {
  const text = s == null ? null : new TextDecoder().decode(s)
  return `${name ?? ''}=${JSON.stringify(ints ?? text ?? i ?? f)}`
}

function rawNumber(value: number, dtype: Dtype): Uint8Array {
  switch (dtype) {
    case 'float32':
      return new Uint8Array(Float32Array.of(value).buffer)
    case 'float64':
      return new Uint8Array(Float64Array.of(value).buffer)
    case 'int32':
      return new Uint8Array(Int32Array.of(value).buffer)
    case 'bool':
      return Uint8Array.of(value === 0 ? 0 : 1)
  }
}
