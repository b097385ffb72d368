import { ShapeError } from '#base'
import type { Layout, LayoutEntry } from '#tensor/dense'
import type { ResidentTensor, Runtime } from '#tensor/runtime'

/**
 * Rows of one member in tensors `[S, …]`, one tensor for each entry of a layout, as one flat vector
 * and back.
 */
export interface MemberRows {
  readonly layout: Layout
  readonly tensors: readonly ResidentTensor[]
}

const rowOf = (data: Float32Array, { size }: LayoutEntry, member: number): Float32Array =>
  data.subarray(member * size, (member + 1) * size)

/** Brings the rows of all members to the runtime, one tensor `[S, …]` for each entry of a layout. */
export async function uploadMembers(
  runtime: Runtime,
  layout: Layout,
  members: readonly Float32Array[],
): Promise<MemberRows> {
  const stacked = stackMembers(layout, members)
  const tensors = layout.entries.map(({ shape }, i) =>
    runtime.upload(stacked[i]!, { dtype: 'float32', shape: [members.length, ...shape] }),
  )
  return { layout, tensors: await Promise.all(tensors) }
}

/** A copy of a member's rows, flat in the order of the layout. */
export async function readMember(
  { layout, tensors }: MemberRows,
  member: number,
): Promise<Float32Array> {
  const flat = new Float32Array(layout.size)
  for (const [i, entry] of layout.entries.entries()) {
    flat.set(rowOf((await tensors[i]!.read()) as Float32Array, entry, member), entry.offset)
  }
  return flat
}

/** @throws ShapeError if `flat` has not the layout's size. */
export function checkSize({ layout }: MemberRows, flat: Float32Array, subject: string): void {
  if (flat.length !== layout.size) throw new ShapeError(subject, `[${layout.size}]`, [flat.length])
}

/** Replaces a member's rows. */
export async function writeMember(
  { layout, tensors }: MemberRows,
  member: number,
  flat: Float32Array,
): Promise<void> {
  for (const [i, entry] of layout.entries.entries()) {
    const data = (await tensors[i]!.read()) as Float32Array
    rowOf(data, entry, member).set(flat.subarray(entry.offset, entry.offset + entry.size))
    await tensors[i]!.write(data)
  }
}

/** The rows of all members, `[S, n]`, sorted into one buffer `[S, …]` for each entry of a layout. */
function stackMembers(layout: Layout, members: readonly Float32Array[]): Float32Array[] {
  return layout.entries.map((entry) => {
    const data = new Float32Array(members.length * entry.size)
    members.forEach((flat, member) => {
      rowOf(data, entry, member).set(flat.subarray(entry.offset, entry.offset + entry.size))
    })
    return data
  })
}

/**
 * The initial parameters of each member, however they are given.
 *
 * @throws ShapeError if they are not `[S, n]`.
 */
export function memberVectors(
  given: readonly Float32Array[] | Float32Array,
  members: number,
  size: number,
): readonly Float32Array[] {
  if (given instanceof Float32Array) {
    if (given.length !== members * size) {
      throw new ShapeError('initial parameters', `[${members}, ${size}]`, [given.length])
    }
    return Array.from({ length: members }, (_, member) =>
      given.subarray(member * size, (member + 1) * size),
    )
  }
  const wrong = given.find((vector) => vector.length !== size)
  if (given.length !== members || wrong !== undefined) {
    throw new ShapeError('initial parameters', `[${members}, ${size}]`, [
      given.length,
      (wrong ?? given[0])?.length ?? 0,
    ])
  }
  return given
}
