import { z } from 'zod'

/** Paths of all keys a schema has; of a union, those of the option that the input names. */
export function pathsOf(schema: z.ZodType, input: unknown): PropertyKey[][] {
  const inner = unwrap(schema, input)
  if (inner instanceof z.ZodArray) {
    const elements = Array.isArray(input) ? (input as unknown[]) : []
    return elements.flatMap((element, index) =>
      pathsOf(inner.element as z.ZodType, element).map((path) => [index, ...path]),
    )
  }
  return Object.entries(shapeOf(inner)).flatMap(([key, child]) => [
    [key],
    ...pathsOf(child, childOf(input, key)).map((path) => [key, ...path]),
  ])
}

/** Keys allowed at a place. */
export function keysAt(schema: z.ZodType, path: readonly PropertyKey[], input: unknown): string[] {
  const inner = unwrap(schema, input)
  const [key, ...rest] = path
  if (key === undefined) return Object.keys(shapeOf(inner))
  const child =
    inner instanceof z.ZodArray ? (inner.element as z.ZodType) : shapeOf(inner)[String(key)]
  return child === undefined ? [] : keysAt(child, rest, childOf(input, key))
}

function unwrap(schema: z.ZodType, input: unknown): z.ZodType {
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable
  ) {
    const filled = input ?? (schema instanceof z.ZodPrefault ? schema.def.defaultValue : undefined)
    return unwrap(schema.unwrap() as z.ZodType, filled)
  }
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const options = schema.options as readonly z.ZodType[]
    const key = schema.def.discriminator
    const named = options.find((option) => {
      const discriminator = shapeOf(option)[key]
      return discriminator?.safeParse(childOf(input, key)).success === true
    })
    return named ?? options[0] ?? schema
  }
  return schema
}

const shapeOf = (schema: z.ZodType): Readonly<Record<string, z.ZodType>> =>
  schema instanceof z.ZodObject ? schema.shape : {}

function childOf(input: unknown, key: PropertyKey): unknown {
  if (typeof input !== 'object' || input === null || !Object.hasOwn(input, key)) return undefined
  return (input as Record<PropertyKey, unknown>)[key]
}
