import { ShapeError } from '#base'
import type { Layout, LayoutEntry } from '#tensor/dense'
import type { ResidentTensor } from '#tensor/runtime'

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

/**
 * Replaces a member's rows.
 *
 * @throws ShapeError if `flat` has not the layout's size.
 */
export async function writeMember(
  { layout, tensors }: MemberRows,
  member: number,
  flat: Float32Array,
  subject: string,
): Promise<void> {
  if (flat.length !== layout.size) throw new ShapeError(subject, `[${layout.size}]`, [flat.length])
  for (const [i, entry] of layout.entries.entries()) {
    const data = (await tensors[i]!.read()) as Float32Array
    rowOf(data, entry, member).set(flat.subarray(entry.offset, entry.offset + entry.size))
    await tensors[i]!.write(data)
  }
}

/**
 * The rows of all members, `[S, n]`, sorted into one buffer `[S, …]` for each entry of a layout.
 */
export function stackMembers(layout: Layout, members: readonly Float32Array[]): Float32Array[] {
  return layout.entries.map((entry) => {
    const data = new Float32Array(members.length * entry.size)
    members.forEach((flat, member) => {
      rowOf(data, entry, member).set(flat.subarray(entry.offset, entry.offset + entry.size))
    })
    return data
  })
}
