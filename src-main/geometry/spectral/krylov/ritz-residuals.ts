import type { RitzValues } from '../eigenpairs/eigenpair-goal.ts'
import { ritzTails } from './ritz-tails.ts'

/**
 * Ritz values of a block recurrence with the lengths of their residuals: ‖Rᵀ·s‖, s the last entries of T's eigenvector.
 *
 * @param projected - T, `[k, k]`.
 * @param tail - R, `[rows, directions]`: parts of the newest rows' products that T does not hold.
 */
export function ritzResiduals(
  projected: readonly ArrayLike<number>[],
  tail: readonly (readonly number[])[],
): RitzValues {
  // After a restart with a search of its own the part of T may be smaller than the block.
  const width = Math.min(tail.length, projected.length)
  const { values, tails } = ritzTails(projected, Math.max(1, width))
  const parts = tail.slice(tail.length - width)
  const directions = parts[0]?.length ?? 0
  const residuals = values.map((_, i) => {
    let square = 0
    for (let k = 0; k < directions; k += 1) {
      const part = parts.reduce((sum, row, j) => sum + row[k]! * tails[j]![i]!, 0)
      square += part * part
    }
    return Math.sqrt(square)
  })
  return { values, residuals }
}
